"""The control plane is stopped while commits land and somebody edits the target: a real server, a real agent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.repo import GitRepo
from tests.support.server import Json, ServerProcess, folders

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("PUSHPULL_TEST_OUTAGE_S", "5"))  # 600 in a longer look
PATIENCE_S = 60.0
NEAR = timedelta(seconds=5)  # a poll, a comparison and a busy machine


@pytest.mark.timeout(SECONDS + 240)
def test_what_an_agent_did_while_the_control_plane_was_gone_is_told_once_in_order_at_its_time(tmp_path: Path) -> None:
    repo = GitRepo(folders(tmp_path) / "git" / "shop.git")
    first = repo.commit({"site/index.html": "0\n"}, "first")
    page = tmp_path / "far" / "live" / "shop" / "index.html"
    page.parent.parent.mkdir(parents=True)
    with ServerProcess(tmp_path) as place:
        port, token = place.url.rpartition(":")[2], place.token
        place.environment(
            "shop", repo, mode="pull", runs_on="agent",
            target={"kind": "directory", "path": str(page.parent)},
            policy={"interval_s": 1, "refresh_interval_s": 1, "self_heal": True},
        )  # fmt: skip
        given = place.call("POST", "/agents/enrollments", {"environments": ["shop"]}, status=201)["token"]
        agent(tmp_path, "enroll", "--server", place.url, token=given).wait(PATIENCE_S)
        with working(tmp_path):
            seen(lambda: revision(place) == first)
            place.stop()
            commits: list[tuple[str, datetime]] = []
            edits: list[datetime] = []
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends or len(commits) < 3:
                text = f"{len(commits) + 1}\n"
                sha = repo.commit({"site/index.html": text}, f"change {len(commits) + 1}")
                seen(shows(page, text))
                commits.append((sha, datetime.now(UTC)))
                seen(lambda: time.time() - page.stat().st_mtime > 1.2)  # long enough ago for somebody to have looked
                page.write_text("by hand\n")
                seen(shows(page, text))
                edits.append(datetime.now(UTC))
            with ServerProcess(tmp_path, PUSHPULL_PORT=port, PUSHPULL_BOOTSTRAP_TOKEN=token) as back:
                seen(lambda: revision(back) == commits[-1][0])
                seen(lambda: len(told(back, "drift.ended")) >= len(edits))
                check(back, commits, edits)


def check(place: ServerProcess, commits: list[tuple[str, datetime]], edits: list[datetime]) -> None:
    """The ledger has everything once, in order, at its time."""
    ids = [one["origin"]["id"] for one in events(place) if one["origin"]]
    assert ids == sorted(set(ids))
    ended = [one for one in told(place, "operation.finished") if one["data"].get("outcome") == "deployed"]
    assert [one["data"]["revision"] for one in ended][1:] == [sha for sha, _ in commits]
    for one, (_, at) in zip(ended[1:], commits, strict=True):
        assert abs(moment(one) - at) < NEAR
    healed = told(place, "drift.ended")
    assert len(healed) == len(edits)
    for one, at in zip(healed, edits, strict=True):
        assert abs(moment(one) - at) < NEAR
    found = told(place, "drift.detected")
    assert len(found) == len(edits)
    assert all(a["at"] <= b["at"] for a, b in zip(found, healed, strict=True))
    assert place.call("POST", "/audit/verifications")["valid"] is True


def agent(folder: Path, verb: str, *options: str, token: str = "") -> subprocess.Popen[bytes]:
    """The agent's command."""
    given = {
        **os.environ, "PUSHPULL_TARGET_ROOTS": str(folder / "far" / "live"),
        "PUSHPULL_SOURCE_ROOTS": str(folder / "git"), "PUSHPULL_ENROLLMENT_TOKEN": token,
    }  # fmt: skip
    argv = [sys.executable, "-m", "app", "agent", verb, "--data-dir", str(folder / "far" / "data"), *options]
    with (folder / "far" / f"{verb}.log").open("ab") as log:
        return subprocess.Popen(argv, cwd=ROOT, env=given, stdout=log, stderr=log)


@contextmanager
def working(folder: Path) -> Iterator[None]:
    """An agent at work."""
    process = agent(folder, "run")
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def seen(look: Callable[[], object]) -> None:
    """Look until it is so."""
    ends = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < ends, "never seen"
        time.sleep(0.05)


def shows(page: Path, text: str) -> Callable[[], bool]:
    return lambda: page.read_text() == text


def revision(place: ServerProcess) -> str | None:
    status: Json = place.call("GET", "/environments/shop")["status"]
    return str(status["revision"]) if status["sync"] == "Synced" else None


def events(place: ServerProcess) -> list[Json]:
    items: list[Json] = []
    while page := place.call("GET", "/events", limit=1000, after=items[-1]["id"] if items else 0)["items"]:
        items += page
    return items


def told(place: ServerProcess, kind: str) -> list[Json]:
    return [one for one in events(place) if one["type"] == kind]


def moment(event: Json) -> datetime:
    return datetime.fromisoformat(event["at"])
