"""The pipeline steps to copy do what they say: each is run by a shell, and is green only where the commit is live."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap

import pytest

from tests.support.server import LiveServer

TOOLS = {
    "github": ("run: |\n", r"\Z", "bash -e"),
    "gitlab": ("- |\n", r"\Z", "bash -eo pipefail"),
    "jenkins": ("sh '''\n", r"''", "sh -xe"),
    "curl": ("", r"\Z", "sh -eu"),
}


def script(text: str, tool: str) -> str:
    """The step's own shell lines, as the tool takes them out of its file."""
    begin, end, _ = TOOLS[tool]
    inner = re.split(end, text.partition(begin)[2] if begin else text)[0]
    inner = textwrap.dedent(inner)
    return inner.replace("\\\\", "\\") if tool == "jenkins" else inner


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here (Debian: apt-get install curl)")
@pytest.mark.parametrize("tool", TOOLS)
def test_a_step_waits_and_is_green_only_where_the_commit_is_live_and_healthy(server: LiveServer, tool: str) -> None:
    repo, name = server.repo(f"step-{tool}"), f"step-{tool}"
    server.environment(name, repo)
    text = server.call("GET", f"/environments/{name}/snippets")[tool]

    def step(revision: str, token: str = server.token) -> subprocess.CompletedProcess[str]:
        told = {"GIT_COMMIT": revision, "CI_COMMIT_SHA": revision, "REVISION": revision, "BUILD_TAG": "8",
                "CI_PIPELINE_ID": "8", "RUN_ID": "8", "PUSHPULL_TOKEN": token}  # fmt: skip
        urls = dict.fromkeys(("BUILD_URL", "CI_PIPELINE_URL", "RUN_URL"), "https://ci.example.org/8")
        shell = [*TOOLS[tool][2].split(), "-c", script(text, tool)]
        return subprocess.run(
            shell, env={**os.environ, **told, **urls}, cwd=repo.path, capture_output=True, text=True, check=False
        )

    first = step(str(repo.sha("main")))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "is live and healthy" in first.stdout
    assert server.call("GET", f"/environments/{name}")["status"]["revision"] == repo.sha("main")
    assert server.call("GET", "/operations", environment=name)["items"][0]["trigger"] == "pipeline"
    server.call("PATCH", f"/environments/{name}", {"policy": {"hooks": [{"when": "pre", "command": ["false"]}]}})
    red = step(repo.commit({"site/index.html": "two\n"}))
    assert red.returncode == 1
    assert "the target was not touched" in red.stdout
    assert step(str(repo.sha("main")), token="pp_wrong").returncode != 0
