"""What happens in the demo: people commit, a pipeline pushes, somebody edits servers by hand, and somebody goes back.

All of it is real and goes through the REST API, as it would from outside; only the pipeline is a wait, drawn from the
distribution in `chance.py`. Whatever is done to one mode is done to the other, in turns first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.client import Client, Failure
from app.demo.chance import Chance
from app.demo.demo_environments import DRIFTED, PULL, PUSH, specification
from app.laboratory.bundled_repository import BundledRepository
from app.laboratory.bundled_site import next_step

Tell = Callable[[str], None]
QUICK_FIX = "# quick fix, will tell Jonas tomorrow\n"


class Story:
    """Runs in a thread beside the server. `told`: how many of the commits in `site.py` are in the repository."""

    def __init__(
        self, client: Client, repository: BundledRepository, targets: Path, chance: Chance, show: Tell, told: int
    ) -> None:
        self._client, self._repository, self._targets = client, repository, targets
        self._chance, self._print, self._number = chance, show, told
        self._stopping = threading.Event()
        self._turn = 0

    def stop(self) -> None:
        """End before the next thing happens."""
        self._stopping.set()

    def run(self, pause_s: float, experiment: int | None = None) -> None:
        """Opening, then one thing after another until stopped, `pause_s` seconds apart. `experiment`: the seed of a
        twin experiment that runs beside the first of them; None for none."""
        self._try(self._opening)
        if experiment is not None:
            self._try(lambda: self._experiment(experiment))
        turns = (self._commit, self._commit, self._edit, self._commit, self._go_back, self._commit)
        while not self._stopping.wait(pause_s if self._turn else 0):
            self._try(turns[self._turn % len(turns)])
            self._turn += 1

    def _try(self, deed: Callable[[], None]) -> None:
        """Do it; what is refused, such as a delivery under somebody's hold, is told, and the story goes on."""
        try:
            deed()
        except Failure as failure:
            if not self._stopping.is_set():
                self._print(f"      that was refused: {failure}")

    def _opening(self) -> None:
        self._print(f"[4/5] Delivering to all three; somebody edits {DRIFTED} by hand, a password as well")
        self._client.call("POST", "/environments", specification(DRIFTED, self._repository.path, self._targets))
        for name in (DRIFTED, PUSH):
            self._push(name, None, "first delivery")
        self._by_hand(DRIFTED)
        settings = self._targets / DRIFTED / "orders" / "app.env"
        settings.write_text(settings.read_text("utf-8").replace("demo-only", "changed-by-hand"), "utf-8")
        self._wait(self._client.call("POST", f"/environments/{DRIFTED}/refreshes"))
        self._live(PULL, None)
        self._print("[5/5] From here on it lives by itself: commits, edits by hand, rollbacks, in both alike")

    def _experiment(self, seed: int) -> None:
        made = self._client.call("POST", "/experiments", {"profile": "quick", "seed": seed})
        self._print(
            f"      for a minute twins measure push against pull: {self._client.url}/compare/experiments/{made['id']}"
        )

    def _both(self) -> tuple[str, str]:
        return (PUSH, PULL) if self._turn % 2 else (PULL, PUSH)

    def _commit(self) -> None:
        """Somebody commits; the pipeline takes its time and then pushes; the poll finds the commit by itself."""
        step = next_step(self._number)
        self._number += 1
        revision = self._repository.add(step)
        took = self._chance.pipeline_s()
        self._print(f"      {step.author.name}: {step.message} ({revision[:8]}); its pipeline takes {took:.0f} s")
        if self._stopping.wait(took):
            return
        if self._chance.pipeline_fails():
            self._print(f"      the pipeline failed before it delivered; only {PULL} gets this one")
        else:
            self._push(PUSH, revision, "")
        self._live(PULL, revision)

    def _edit(self) -> None:
        """Somebody edits both servers by hand; comparisons find out, and after a while somebody heals both."""
        self._print("      somebody edits both servers by hand")
        for name in self._both():
            self._by_hand(name)
        if self._stopping.wait(self._chance.pipeline_s()):
            return
        for name in self._both():
            self._wait(self._client.call("POST", f"/environments/{name}/refreshes"))
        self._print("      somebody heals both")
        for name in self._both():
            self._wait(self._client.call("POST", f"/environments/{name}/drift/heals"))

    def _go_back(self) -> None:
        """Somebody rolls both back, for the same reason."""
        self._print("      customers report wrong prices: both are rolled back")
        body = {"last_good": True, "reason": "customers report wrong prices"}
        for name in self._both():
            self._try(lambda name=name: self._wait(  # type: ignore[misc]
                self._client.call("POST", f"/environments/{name}/rollbacks", body)
            ))  # fmt: skip

    def _push(self, name: str, revision: str | None, reason: str) -> None:
        run = str(4000 + self._number)
        body: dict[str, Any] = {
            "pipeline": {"id": run, "url": f"https://ci.bakery.example/runs/{run}"},
            "reason": reason,
        }
        if revision:
            body["revision"] = revision
        self._wait(self._client.call("POST", f"/environments/{name}/syncs", body))

    def _wait(self, operation: dict[str, Any]) -> None:
        for _ in self._client.follow(operation["id"], 60):
            if self._stopping.is_set():
                return

    def _live(self, name: str, revision: str | None) -> None:
        """Wait until a commit (any, at first) is live where nobody pushes it."""
        for _ in range(200):
            live = self._client.call("GET", f"/environments/{name}")["status"]["revision"]
            if live and live == (revision or live):
                return
            if self._stopping.wait(0.2):
                return

    def _by_hand(self, name: str) -> None:
        folder = self._targets / name
        with (folder / "nginx.conf").open("a", encoding="utf-8") as file:
            file.write(QUICK_FIX)
        (folder / "site" / "hours.html").unlink(missing_ok=True)
        (folder / "site" / "upload.tmp").write_text("left by an upload\n", "utf-8")
