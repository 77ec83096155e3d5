"""What happens in the demo: people commit, a pipeline pushes, somebody edits a server by hand.

All of it is real and goes through the REST API, as it would from outside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.client import Client, Failure
from app.demo.demo_repository import DemoRepository
from app.demo.site import next_step
from app.targets.target_registry import CATALOGUE

PULL, PUSH = "bakery-pull", "bakery-push"
Tell = Callable[[str], None]


class Story:
    """Runs in a thread beside the server."""

    def __init__(
        self,
        client: Client,
        repository: DemoRepository,
        targets: Path,
        show: Tell,
        pause_s: float,
        stopping: threading.Event,
    ) -> None:
        self._client, self._repository, self._targets, self._print = client, repository, targets, show
        self._pause_s, self._stopping = pause_s, stopping
        self._number = 0  # commits so far
        self._turn = 0

    def run(self) -> None:
        """Opening, then one thing after another until stopped."""
        try:
            self._opening()
            while not self._stopping.wait(self._pause_s):
                self._next()
        except Failure as failure:
            if not self._stopping.is_set():
                self._print(f"the story stopped: {failure}")

    def _opening(self) -> None:
        """Enough real deliveries, drift and a rollback for every page to have something to show."""
        self._print("[3/5] Registering a pushed and a pulled environment")
        for name, mode in ((PUSH, "push"), (PULL, "pull")):
            self._client.call("POST", "/environments", self._specification(name, mode))
        self._push(None, "first delivery")
        self._live(PULL, None)
        self._print("[4/5] Delivering four commits through both")
        for _ in range(4):
            self._commit()
        self._print("[5/5] Editing both servers by hand, and rolling one back")
        self._tamper()
        self._client.call("POST", f"/environments/{PUSH}/drift/heals")
        self._idle(PUSH)
        body = {"last_good": True, "reason": "customers report wrong prices"}
        self._wait(self._client.call("POST", f"/environments/{PUSH}/rollbacks", body))

    def _specification(self, name: str, mode: str) -> dict[str, Any]:
        return {
            "name": name,
            "mode": mode,
            "source": {"repo_url": str(self._repository.path), "ref": "main", "path": "deploy"},
            "target": CATALOGUE.located(str(self._targets / name)),
            "policy": {
                "interval_s": 5,
                "refresh_interval_s": 15,
                "self_heal": False,
                "health_check": {"kind": "command", "command": ["grep", "-q", "</html>", "site/index.html"]},
            },
            "labels": {"service": "bakery", "tier": "demo"},
        }

    def _next(self) -> None:
        self._turn += 1
        if self._turn % 5 == 0:
            self._tamper()
            if self._turn % 10 == 0:
                self._client.call("POST", f"/environments/{PUSH}/drift/heals")
        else:
            self._commit()

    def _commit(self) -> None:
        """Somebody commits; the pipeline takes its time and then pushes; the poll finds the commit by itself."""
        step = next_step(self._number)
        self._number += 1
        revision = self._repository.add(step)
        self._print(f"      {step.author.name}: {step.message} ({revision[:8]})")
        if self._stopping.wait(1.5):  # a very quick pipeline
            return
        if self._number % 9:  # one in nine pipelines fails before it delivers
            self._push(revision, "")
        else:
            self._print("      the pipeline failed before it delivered; only the pulled environment gets this one")
        self._live(PULL, revision)

    def _push(self, revision: str | None, reason: str) -> None:
        run = str(4000 + self._number)
        body: dict[str, Any] = {
            "pipeline": {"id": run, "url": f"https://ci.bakery.example/runs/{run}"},
            "reason": reason,
        }
        if revision:
            body["revision"] = revision
        self._wait(self._client.call("POST", f"/environments/{PUSH}/syncs", body))

    def _wait(self, operation: dict[str, Any]) -> None:
        for _ in self._client.follow(operation["id"], 60):
            if self._stopping.is_set():
                return

    def _live(self, name: str, revision: str | None) -> None:
        """Wait until a commit (any, at first) is live where nobody pushes it."""
        for _ in range(75):
            live = self._client.call("GET", f"/environments/{name}")["status"]["revision"]
            if live and live == (revision or live):
                return
            if self._stopping.wait(0.2):
                return

    def _idle(self, name: str) -> None:
        for _ in range(100):
            if not self._client.call("GET", f"/environments/{name}")["status"]["operation"]:
                return
            if self._stopping.wait(0.1):
                return

    def _tamper(self) -> None:
        """Somebody edits both servers by hand; a refresh finds out."""
        self._print("      somebody edits both servers by hand")
        for name in (PUSH, PULL):
            folder = self._targets / name
            with (folder / "nginx.conf").open("a", encoding="utf-8") as file:
                file.write("# quick fix, will tell Jonas tomorrow\n")
            (folder / "site" / "hours.html").unlink(missing_ok=True)
            (folder / "site" / "upload.tmp").write_text("left by an upload\n", "utf-8")
            self._wait(self._client.call("POST", f"/environments/{name}/refreshes"))
