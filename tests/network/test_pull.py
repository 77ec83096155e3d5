"""Pulling behind a firewall: the agent's host takes no connection at all, and everything works all the same."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.gitserver import GitServer
from tests.support.netns import Host
from tests.support.repo import GitRepo
from tests.support.server import Json, LiveServer

ROOT = Path(__file__).resolve().parents[2]


class Far:
    """An agent on the other host, with its own data and targets, which lie on the same disk as the test's."""

    def __init__(self, host: Host, folder: Path, place: LiveServer) -> None:
        self._host, self._folder, self._place = host, folder, place
        self.live = folder / "live"
        self.live.mkdir(parents=True)

    def run(self, name: str) -> None:
        """Enrol for an environment, and work."""
        token = self._place.call("POST", "/agents/enrollments", {"environments": [name]}, status=201)["token"]
        self._do("enroll", "--server", self._place.url, "--allow-http", token=token).wait(60)
        self._do("run")

    def _do(self, verb: str, *options: str, token: str = "") -> subprocess.Popen[bytes]:
        given = {
            "PUSHPULL_TARGET_ROOTS": str(self.live), "PUSHPULL_ENROLLMENT_TOKEN": token,
            "PATH": os.environ["PATH"], "HOME": str(self._folder),
        }  # fmt: skip
        argv = [sys.executable, "-m", "app", "agent", verb, "--data-dir", str(self._folder / "data"), *options]
        with (self._folder / f"{verb}.log").open("ab") as log:
            return self._host.start(argv, cwd=ROOT, env=given, stdout=log, stderr=log)


def status_of(place: LiveServer, name: str = "shop") -> Json:
    status: Json = place.call("GET", f"/environments/{name}")["status"]
    return status


def register(place: LiveServer, hub: GitServer, repo: GitRepo, far: Far, **policy: object) -> None:
    """A pulled environment on the other host."""
    place.environment(
        "shop", repo, mode="pull", runs_on="agent", source={"repo_url": hub.url(repo.path)},
        target={"kind": "directory", "path": str(far.live / "shop")},
        policy={"interval_s": 1, "refresh_interval_s": 1, **policy},
    )  # fmt: skip


def live_is(place: LiveServer, revision: str | None) -> Callable[[], bool]:
    return lambda: status_of(place)["revision"] == revision and status_of(place)["sync"] == "Synced"


def test_an_agent_that_nobody_can_reach_pulls_heals_and_obeys(host: Host, tmp_path: Path) -> None:
    with LiveServer(tmp_path, host=host.here) as place, GitServer(tmp_path / "git", host.here) as hub:
        repo = place.repo("shop")
        far = Far(host, tmp_path / "far", place)
        host.let_nobody_in()
        with pytest.raises(OSError, match="timed out"):
            socket.create_connection((host.address, 22), timeout=0.3)
        register(place, hub, repo, far, self_heal=True)
        far.run("shop")
        first = repo.sha("main")
        place.until(live_is(place, first))
        second = repo.commit({"site/index.html": "two\n"})
        place.until(live_is(place, second))
        assert (far.live / "shop" / "index.html").read_text() == "two\n"
        back = place.call("POST", "/environments/shop/rollbacks", {"last_good": True, "reason": "wrong"}, status=202)
        assert place.end(back)["outcome"] == "rolled_back"
        assert (far.live / "shop" / "index.html").read_text() == "one\n"
        place.call("DELETE", "/environments/shop/hold")
        (far.live / "shop" / "index.html").write_text("by hand\n")
        place.until(lambda: [one for one in events(place) if one["type"] == "drift.ended"])
        assert (far.live / "shop" / "index.html").read_text() == "one\n"


def test_what_happened_behind_a_pulled_cable_is_told_once_in_order_and_at_its_time(host: Host, tmp_path: Path) -> None:
    with LiveServer(tmp_path, host=host.here) as place, GitServer(tmp_path / "git", host.here) as hub:
        repo = place.repo("shop")
        far = Far(host, tmp_path / "far", place)
        register(place, hub, repo, far, self_heal=True)
        far.run("shop")
        place.until(live_is(place, repo.sha("main")))
        page = far.live / "shop" / "index.html"
        before = len(events(place))
        host.unplug()
        for number in range(3):
            page.write_text(f"by hand {number}\n")
            while page.read_text() != "one\n":
                os.sched_yield()
        host.mend()
        newest = repo.commit({"site/index.html": "two\n"})
        place.until(live_is(place, newest))
        told = events(place)[before:]
        ids = [one["origin"]["id"] for one in told if one["origin"]]
        assert ids == sorted(set(ids))
        found = [one for one in told if one["type"] == "drift.detected"]
        ended = [one for one in told if one["type"] == "drift.ended"]
        assert (len(found), len(ended)) == (3, 3)
        times = [one["at"] for pair in zip(found, ended, strict=True) for one in pair]
        assert times == sorted(times)
        assert all(one["at"] < one["origin"]["received_at"] for one in found)
        assert place.call("POST", "/audit/verifications")["valid"] is True


def events(place: LiveServer) -> list[Json]:
    items: list[Json] = place.call("GET", "/events", limit=1000)["items"]
    return items
