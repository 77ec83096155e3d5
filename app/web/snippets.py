"""Pipeline steps to copy and paste, filled in for one environment. The token stays a placeholder."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from app.domain.environment import Environment


@dataclass(frozen=True, slots=True)
class Snippet:
    """One step for one tool."""

    key: str
    title: str
    language: str
    text: str


def base_url(request: Request) -> str:
    """Where pipelines reach this server: the configured public address, or the one this request came to."""
    configured: str = request.app.state.public_url
    asked = f"{request.scope['scheme']}://{request.headers.get('host', 'pushpull.example.org')}"
    return (configured or asked).rstrip("/")


def of(environment: Environment, base: str) -> tuple[Snippet, ...]:
    """Steps for GitHub Actions, GitLab CI, Jenkins and plain curl."""
    url = f"{base}/api/v1/environments/{environment.name}/syncs"
    return (
        Snippet("github", "GitHub Actions", "yaml", _GITHUB.replace("@URL@", url)),
        Snippet("gitlab", "GitLab CI", "yaml", _GITLAB.replace("@URL@", url)),
        Snippet("jenkins", "Jenkins", "groovy", _JENKINS.replace("@URL@", url)),
        Snippet("curl", "curl", "sh", _CURL.replace("@URL@", url)),
    )


_GITHUB = """\
- name: Deliver with PushPull
  env:
    PUSHPULL_TOKEN: ${{ secrets.PUSHPULL_TOKEN }}
  run: |
    curl --fail-with-body -X POST @URL@ \\
      -H "Authorization: Bearer $PUSHPULL_TOKEN" -H "Content-Type: application/json" \\
      -d '{"revision": "${{ github.sha }}", "pipeline": {"id": "${{ github.run_id }}",
           "url": "${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id }}"}}'
"""
_GITLAB = """\
deliver:
  stage: deploy
  script:
    - >
      curl --fail-with-body -X POST @URL@
      -H "Authorization: Bearer $PUSHPULL_TOKEN" -H "Content-Type: application/json"
      -d "{\\"revision\\": \\"$CI_COMMIT_SHA\\",
      \\"pipeline\\": {\\"id\\": \\"$CI_PIPELINE_ID\\", \\"url\\": \\"$CI_PIPELINE_URL\\"}}"
"""
_JENKINS = """\
stage('Deliver') {
  steps {
    withCredentials([string(credentialsId: 'pushpull-token', variable: 'PUSHPULL_TOKEN')]) {
      sh '''curl --fail-with-body -X POST @URL@ \\
        -H "Authorization: Bearer $PUSHPULL_TOKEN" -H "Content-Type: application/json" \\
        -d "{\\\\"revision\\\\": \\\\"$GIT_COMMIT\\\\",
             \\\\"pipeline\\\\": {\\\\"id\\\\": \\\\"$BUILD_TAG\\\\", \\\\"url\\\\": \\\\"$BUILD_URL\\\\"}}"'''
    }
  }
}
"""
_CURL = """\
curl --fail-with-body -X POST @URL@ \\
  -H "Authorization: Bearer $PUSHPULL_TOKEN" -H "Content-Type: application/json" \\
  -d "{\\"revision\\": \\"$(git rev-parse HEAD)\\"}"
"""
