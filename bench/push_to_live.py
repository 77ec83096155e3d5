"""From `git push` to live, announced by a webhook and found by the poll."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bench.ground import Ground, command
from bench.measuring import Result, Verdict, spread
from bench.stand import expect
from bench.trees import PATH, checkout, file_name, repository
from tests.support.gitserver import GitServer
from tests.support.server import ServerProcess

SECRET = "measured" * 4
TOLD = """A real server process, a small tree, smart HTTP (`git http-backend` on loopback). The clock starts with `git
push` and stops when the file on the target has its new content; a webhook is sent as soon as the push has ended."""
NOTES = (
    """Found by the poll: pushes come at random moments of the interval, so half of it is waiting, whoever polls.""",
    """Apply is the stage of that name in the ledger of the same deliveries: written, synced, in place. The whole
  operation adds claiming, fetching, comparing, two rows and their events.""",
)


def run(ground: Ground) -> Result:
    """Deliveries of both kinds, each over a repository of its own."""
    interval_s, deliveries = ground.of(5, 1), ground.of(30, 2)
    with GitServer(ground.folder / "git") as hub, ServerProcess(ground.folder) as place:
        announced = _Road(ground, hub, place, "announced", "push", 3600)
        polled = _Road(ground, hub, place, "polled", "pull", interval_s)
        chance = random.Random(11)
        announced.deliver(announced.announce)
        polled.deliver(lambda: None)
        for road in (announced, polled):
            road.forget()
        for _ in range(deliveries):
            announced.deliver(announced.announce)
            time.sleep(chance.uniform(0, interval_s))
            polled.deliver(lambda: None)
        announced.ask()
        polled.ask()
    return _result(announced, polled, interval_s)


class _Road:
    """One environment over one repository, and a clone from which somebody pushes."""

    def __init__(
        self, ground: Ground, hub: GitServer, place: ServerProcess, name: str, mode: str, interval_s: int
    ) -> None:
        repo = repository(ground.folder / "git" / f"{name}.git", 20)
        self._clone = checkout(repo, ground.folder / f"clone-{name}").parent
        command("git", "remote", "set-url", "origin", hub.url(repo.path), cwd=self._clone)
        self._file = place.live / name / Path(file_name(7)).relative_to(PATH)
        self._place, self.name, self._number = place, name, 0
        self.pushing: list[float] = []
        self.live: list[float] = []
        self.applying: list[float] = []
        self.operating: list[float] = []
        place.call("POST", "/environments", {
            "name": name, "mode": mode,
            "source": {"repo_url": hub.url(repo.path), "ref": "main", "path": PATH},
            "target": {"kind": "directory", "path": str(place.live / name)},
            "policy": {"interval_s": interval_s, "refresh_interval_s": 3600},
        }, status=201)  # fmt: skip
        place.call("PUT", f"/environments/{name}/webhook", {"secret": SECRET})
        ended = place.sync(name)
        expect(ended["phase"] == "succeeded", str(ended["reason"]))

    def forget(self) -> None:
        """What was measured so far does not count."""
        for values in (self.pushing, self.live):
            values.clear()

    def deliver(self, announce: Callable[[], None]) -> None:
        """Push a commit and wait until it is live."""
        self._number += 1
        text = f"{self.name} {self._number}\n"
        (self._clone / file_name(7)).write_text(text)
        command("git", "commit", "--quiet", "--all", "-m", text.strip(), cwd=self._clone)
        begun = time.perf_counter()
        command("git", "push", "--quiet", "origin", "HEAD:main", cwd=self._clone)
        self.pushing.append(time.perf_counter() - begun)
        announce()
        while self._file.read_text() != text:
            expect(time.perf_counter() - begun < 60, "it did not become live within a minute")
            time.sleep(0.001)
        self.live.append(time.perf_counter() - begun)

    def announce(self) -> None:
        """The push event, as GitHub sends it."""
        sha = (self._clone / ".git" / "refs" / "heads" / "main").read_text().strip()
        body = json.dumps({"ref": "refs/heads/main", "after": sha}).encode()
        answer = self._place.anonymous.post(
            f"/webhooks/github/{self.name}", content=body,
            headers={
                "Content-Type": "application/json",
                "X-GitHub-Event": "push",
                "X-GitHub-Delivery": f"{self.name}-{self._number}",
                "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            },
        )  # fmt: skip
        expect(answer.status_code == 202, answer.text)

    def ask(self) -> None:
        """What the ledger says about these deliveries."""
        time.sleep(0.5)  # the last one may still be ending
        found = self._place.call("GET", "/operations", environment=self.name, kind="sync", limit=len(self.live))
        for operation in found["items"]:
            expect(operation["outcome"] == "deployed", str(operation["reason"]))
            stages = {stage["name"]: stage for stage in operation["stages"]}
            applied = stages["applied"]
            self.applying.append(_seconds(applied["started_at"], applied["finished_at"]))
            self.operating.append(_seconds(operation["created_at"], operation["finished_at"]))


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _result(announced: _Road, polled: _Road, interval_s: int) -> Result:
    figures = [
        spread("git push alone", announced.pushing + polled.pushing),
        spread("git push to live, webhook", announced.live),
        spread(f"git push to live, poll every {interval_s} s", polled.live),
        spread("operation, queued to finished (webhook)", announced.operating),
        spread("operation, queued to finished (poll)", polled.operating),
        spread("apply", announced.applying + polled.applying),
    ]
    push, hook, poll, operation, found, apply = (figure.median for figure in figures)
    half = interval_s / 2
    return Result(
        title="From git push to live",
        told=TOLD,
        figures=figures,
        verdicts=[
            Verdict("poll / (half an interval + apply)", poll / (half + apply)),
            Verdict("poll / (push + half an interval + operation)", poll / (push + half + found)),
            Verdict("webhook / apply", hook / apply),
            Verdict("webhook / (push + operation)", hook / (push + operation), goal=1.3),
            Verdict("webhook, without the push itself", hook - push, "s"),
        ],
        notes=list(NOTES),
    )
