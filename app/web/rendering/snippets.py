"""Pipeline steps to copy and paste, filled in for one environment. The token stays a placeholder."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from app.domain.environment import Environment, ExternalSpec
from app.domain.external import SYSTEMS
from app.domain.webhook import PROVIDERS


@dataclass(frozen=True, slots=True)
class Snippet:
    """One step for one tool."""

    key: str
    title: str
    text: str


def base_url(request: Request) -> str:
    """Where pipelines reach this server: the configured public address, or the one this request came to."""
    configured: str = request.app.state.public_url
    asked = f"{request.scope['scheme']}://{request.headers.get('host', 'pushpull.example.org')}"
    return (configured or asked).rstrip("/")


def hook_urls(name: str, external: ExternalSpec | None, base: str) -> dict[str, str]:
    """{sender: address of a webhook}: of the one system that delivers, where one does."""
    senders = [external.system] if external else list(PROVIDERS)
    return {one: f"{base}/webhooks/{one}/{name}" for one in senders}


def connecting(environment: Environment, spec: ExternalSpec, base: str, secret: str = "") -> Snippet:
    """How the system that delivers is made to tell: a text in which the secret stands, or a word in its place."""
    system = SYSTEMS.get(spec.system)
    given = {"@URL@": hook_urls(environment.name, spec, base)[spec.system], "@NAME@": spec.name or environment.name}
    text = system.steps if system else ""
    for gap, value in {**given, "@SECRET@": secret or "THE-SECRET"}.items():
        text = text.replace(gap, value)
    return Snippet(spec.system, system.place if system else spec.system, text)


def of(environment: Environment, base: str) -> tuple[Snippet, ...]:
    """Steps for whoever delivers; where that is PushPull, for GitHub Actions, GitLab CI, Jenkins and a shell. Each ends
    well only where the commit is live and healthy: the answer to its request says no more than that it waits."""
    if environment.external:
        return (connecting(environment, environment.external, base),)
    script = _SCRIPT.replace("@API@", f"{base}/api/v1").replace("@NAME@", environment.name)
    groovy = _indented(script.replace("\\", "\\\\"), 8)
    return (
        Snippet("github", "GitHub Actions", _GITHUB.replace("@SCRIPT@", _indented(script, 4))),
        Snippet("gitlab", "GitLab CI", _GITLAB.replace("@SCRIPT@", _indented(script, 6))),
        Snippet("jenkins", "Jenkins", _JENKINS.replace("@SCRIPT@", groovy)),
        Snippet("curl", "Shell script with curl", _SHELL.replace("@SCRIPT@", script)),
    )


def _indented(script: str, by: int) -> str:
    return script.replace("\n", "\n" + " " * by)


_SCRIPT = """\
api=@API@ auth="Authorization: Bearer $PUSHPULL_TOKEN"
data="{\\"revision\\": \\"$REVISION\\", \\"pipeline\\": {\\"id\\": \\"$RUN_ID\\", \\"url\\": \\"$RUN_URL\\"}}"
asked=$(curl --fail-with-body -sS -X POST "$api/environments/@NAME@/syncs" -H "$auth" \\
  -H "Content-Type: application/json" -d "$data") || { echo "$asked"; exit 1; }
id=$(echo "$asked" | grep -oE '[0-9A-HJKMNP-TV-Z]{26}' | head -n 1)
for _ in $(seq 300); do  # ten minutes
  operation=$(curl --fail-with-body -sS --retry 5 "$api/operations/$id" -H "$auth")
  case "$operation" in *'"phase":"queued"'* | *'"phase":"running"'*) sleep 2 ;; *) break ;; esac
done
case "$operation" in
  *'"phase":"succeeded"'*) echo "$REVISION is live and healthy" ;;
  *) echo "$operation"; exit 1 ;;
esac"""
_GITHUB = """\
- name: Deliver with PushPull
  env:
    PUSHPULL_TOKEN: ${{ secrets.PUSHPULL_TOKEN }}
    REVISION: ${{ github.sha }}
    RUN_ID: ${{ github.run_id }}
    RUN_URL: ${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id }}
  run: |
    @SCRIPT@
"""
_GITLAB = """\
deliver:
  stage: deploy
  script:
    - |
      REVISION=$CI_COMMIT_SHA RUN_ID=$CI_PIPELINE_ID RUN_URL=$CI_PIPELINE_URL
      @SCRIPT@
"""
_JENKINS = """\
stage('Deliver') {
  steps {
    withCredentials([string(credentialsId: 'pushpull-token', variable: 'PUSHPULL_TOKEN')]) {
      sh '''
        REVISION=$GIT_COMMIT RUN_ID=$BUILD_TAG RUN_URL=$BUILD_URL
        @SCRIPT@
      '''
    }
  }
}
"""
_SHELL = """\
#!/bin/sh -eu
REVISION=$(git rev-parse HEAD) RUN_ID=${BUILD_ID:-by-hand} RUN_URL=${BUILD_URL:-}
@SCRIPT@
"""
