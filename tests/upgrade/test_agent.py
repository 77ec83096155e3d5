"""An agent of an older version that was alone: it goes on, and what it did meanwhile is told once and in order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.older import CHECKOUT, Older, covers
from tests.support.repo import ENVIRONMENT
from tests.support.server import PATIENCE_S, Json, LiveServer

pytestmark = pytest.mark.thorough


@contextmanager
def running(older: Older, server: LiveServer) -> Iterator[None]:
    """The present version's agent over the old one's data, knowing where its server is now."""
    identity = older.place / "agent" / "agent.json"
    known = json.loads(identity.read_text("utf-8"))
    identity.write_text(json.dumps({**known, "server": server.url}), "utf-8")
    with (older.place / "agent.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "agent", "run", "--data-dir", str(identity.parent)], cwd=CHECKOUT,
            env={**ENVIRONMENT, **older.roots}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, (older.place / "agent.log").read_text()


def status(older: Older) -> Json:
    """What the agent says of itself on its own machine."""
    told: Json = json.loads(older.command("agent", "status", "--data-dir", older.place / "agent", "--json"))
    return told


def events(server: LiveServer) -> list[Json]:
    """What the server has in its ledger of the agent's environment."""
    found: list[Json] = server.call("GET", "/events", environment="edge", limit=1000)["items"]
    return found


def all_told(older: Older, server: LiveServer) -> list[Json]:
    """The agent's events once everything that waited in its outbox has arrived."""
    wanted = older.said["agents"][0]["reported"] + older.said["agent_status"]["spool"]["reports"]
    server.until(lambda: server.call("GET", "/agents")["items"][0]["reported"] >= wanted)
    return [one for one in events(server) if one["origin"]]


def test_an_agent_knows_what_it_did_before_it_hears_of_anybody(older: Older) -> None:
    before, now = older.said["agent_status"], status(older)
    assert now["spool"]["reports"] == before["spool"]["reports"] > 3
    lasting = ("name", "revision", "subject", "held_by")
    assert covers(now["environments"], [{name: one[name] for name in lasting} for one in before["environments"]])
    assert (older.live / "edge" / "page.txt").read_text() == "two\n"


def test_what_an_agent_did_alone_is_told_once_and_in_order(older: Older) -> None:
    known = [one["id"] for one in older.said["events"]]
    with older.start(scheduler=True) as server:
        with running(older, server):
            told = all_told(older, server)
        fresh = [one for one in told if one["id"] not in known]
        numbers = [one["origin"]["id"] for one in told]
        assert numbers == sorted(set(numbers))
        reports = [one["origin"]["seq"] for one in told]
        assert reports == sorted(set(reports))
        outcomes = [one["data"]["outcome"] for one in fresh if one["type"] == "operation.finished"]
        assert outcomes[:2] == ["deployed", "rolled_back"]
        now = server.call("GET", "/environments/edge")["status"]
        alone = older.said["agent_status"]["environments"][0]
        assert (now["revision"], now["hold"]["owner"]) == (alone["revision"], alone["held_by"])
        with running(older, server):
            server.end(server.call("POST", "/environments/edge/refreshes", status=202))
        again = [one["origin"]["id"] for one in events(server) if one["origin"]]
        assert again[: len(numbers)] == numbers
        assert again == sorted(set(again))
        assert server.call("POST", "/audit/verifications")["valid"]


def test_an_agent_goes_on_delivering_without_delivering_anew(older: Older) -> None:
    page = older.live / "edge" / "page.txt"
    before = page.stat().st_mtime_ns, page.stat().st_ino
    with older.start(scheduler=True) as server, running(older, server):
        all_told(older, server)
        ended = server.end(server.call("POST", "/environments/edge/refreshes", status=202))
        assert ended["phase"] == "succeeded"
        assert (page.stat().st_mtime_ns, page.stat().st_ino) == before
        fourth = older.commit("edge", {"site/page.txt": "four\n"}, "Edge 4")
        server.call("DELETE", "/environments/edge/hold", status=200)
        server.until(lambda: server.call("GET", "/environments/edge")["status"]["revision"] == fourth)
    assert page.read_text() == "four\n"
