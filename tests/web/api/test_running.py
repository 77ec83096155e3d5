"""A delivery is seen while it runs: its stages as they end, a hook's lines as they are written, by whoever looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.agent import local_commands
from app.agent.agent_identity import IdentityFile
from app.agent.agent_runtime import AgentRuntime, parts
from app.agent.agent_settings import AgentSettings
from tests.support.server import Json, LiveServer

ROOT = Path(__file__).resolve().parents[3]
SAYS = (
    r"""printf 'building \033[1m%s\033[0m\ntoken=hunter2hunter2\n' "$PUSHPULL_ENVIRONMENT"; """
    """read go < "$0"; echo built"""
)


class Gate:
    """A hook that says something and waits until it is let go on."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.gate"
        os.mkfifo(self.path)
        self.hook = {"when": "pre", "command": ["sh", "-c", SAYS, str(self.path)]}

    def open(self) -> None:
        """Let it go on."""
        self.path.write_text("go\n")


@pytest.fixture
def gate(server: LiveServer, request: pytest.FixtureRequest) -> Gate:
    return Gate(server.folder, request.node.name)


def log(operation: Json) -> list[str]:
    return [
        line for event in operation["log"] if event["type"] == "operation.log" for line in event["reason"].split("\n")
    ]


def check_while_it_waits(server: LiveServer, name: str, operation: Json) -> None:
    """What is to be seen, by REST, while the hook waits."""
    assert operation["phase"] == "running"
    stages = {one["name"]: bool(one["finished_at"]) for one in operation["stages"]}
    assert stages == dict.fromkeys(("committed", "visible", "noticed", "fetched", "rendered", "planned"), True)
    assert operation["progress"] == {"done": 0, "total": 2}
    begun, *said = log(operation)
    assert (begun[:23], said) == ("Running pre hook `sh -c", [f"building {name}", "token=*****"])
    assert "hunter2" not in begun
    assert not any(server.live.joinpath(name).glob("*"))


def test_the_ledgers_stream_tells_what_a_hook_says_before_it_ends(server: LiveServer, gate: Gate) -> None:
    repo = server.repo("streamed")
    server.environment("streamed", repo, policy={"hooks": [gate.hook]})
    after = server.call("GET", "/events", limit=100)["items"][-1]["id"]
    asked = server.call("POST", "/environments/streamed/syncs", {"revision": repo.sha("main")}, status=202)
    seen: list[tuple[str, str]] = []
    with server.http.stream("GET", "/api/v1/events/stream", params={"after": after}) as stream:
        for event in _events(stream.iter_lines(), asked["id"]):
            seen.append((event["type"], event["reason"]))
            if event["reason"].startswith("building"):
                check_while_it_waits(server, "streamed", server.call("GET", f"/operations/{asked['id']}"))
                gate.open()
            if event["type"] == "operation.finished":
                break
    begun = [reason for type, reason in seen if type == "operation.stage"]
    assert begun == ["fetched", "planned", "applied", "healthy"][: len(begun)]
    assert begun[:3] == ["fetched", "planned", "applied"]
    lines = "\n".join(reason for type, reason in seen if type == "operation.log").split("\n")
    assert [line for line in lines if line in ("building streamed", "token=*****", "built")] == [
        "building streamed",
        "token=*****",
        "built",
    ], "each line once"
    late = server.call("GET", f"/operations/{asked['id']}")
    assert [(one["type"], one["reason"]) for one in late["log"]] == seen, "who comes late reads the same"


def _events(lines: Iterator[str], operation: str) -> Iterator[Json]:
    for line in lines:
        if line.startswith("data: ") and (event := json.loads(line[6:])).get("operation") == operation:
            yield event


def test_the_command_line_prints_stages_and_lines_as_they_come(server: LiveServer, gate: Gate) -> None:
    repo = server.repo("printed")
    server.environment("printed", repo, policy={"hooks": [gate.hook]})
    command = [sys.executable, "-m", "app", "push", "printed", "--revision", str(repo.sha("main")), "--wait"]
    given = {**os.environ, "PUSHPULL_URL": server.url, "PUSHPULL_TOKEN": server.token}
    with subprocess.Popen(
        command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert one.stderr is not None
        lines: list[str] = []
        for line in one.stdout:
            lines.append(line.strip())
            if lines[-1] == "token=*****":
                assert [word for word in ("fetched", "planned") if any(w.startswith(word) for w in lines)] == [
                    "fetched",
                    "planned",
                ], "their ends came before"
                gate.open()
        assert (one.wait(30), one.stderr.read()) == (0, "")
    known = ["committed", "visible", "noticed", "fetched", "rendered", "planned", "applied", "healthy"]
    assert [line.split()[0] for line in lines if line.split()[0] in known] == known
    assert [line for line in lines if "buil" in line and "hook" not in line] == ["building printed", "built"]
    assert lines.index("built") < next(n for n, line in enumerate(lines) if line.startswith("applied"))


def test_what_an_agent_does_is_seen_while_it_does_it(server: LiveServer, gate: Gate) -> None:
    repo = server.repo("edge")
    server.environment("edge", repo, mode="pull", runs_on="agent", policy={"interval_s": 1, "hooks": [gate.hook]})
    token = server.call("POST", "/agents/enrollments", {"environments": ["edge"]}, status=201)["token"]
    folder = server.folder / "agent"
    local_commands.enroll(server.url, token, folder, "edge-1")
    made = parts(AgentSettings(folder, (server.folder / "git",), (server.live, folder)))
    agent = AgentRuntime(made, IdentityFile(folder))
    agent.start()
    try:
        shown: Json = server.until(lambda: _with_line(server, "edge", "token=*****"))
        check_while_it_waits(server, "edge", shown)
        gate.open()
        ended = server.until(lambda: _with_line(server, "edge", "built"))
        assert server.end(ended)["outcome"] == "deployed"
        whole = server.until(lambda: _finished(server, ended["id"]))
        assert [line for line in log(whole) if line in ("building edge", "token=*****", "built")] == [
            "building edge",
            "token=*****",
            "built",
        ]
    finally:
        agent.stop()
        made.store.close()


def _with_line(server: LiveServer, name: str, line: str) -> Any:
    for one in server.call("GET", "/operations", environment=name, kind="sync")["items"]:
        found = server.call("GET", f"/operations/{one['id']}")
        if line in log(found):
            return found
    return None


def _finished(server: LiveServer, id: str) -> Any:
    found = server.call("GET", f"/operations/{id}")
    return found if found["log"][-1]["type"] == "operation.finished" else None
