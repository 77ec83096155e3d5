"""How the ticks of this process fare: what failed last, and what has been running for too long."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.wording.times import duration

STUCK_S = 120.0  # a tick that runs longer hangs in something
SILENT_S = 60.0  # a scheduler that began no tick for so long has stopped
log = logging.getLogger("scheduler")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a tick last failed, and since when (monotonic seconds) it does."""

    why: str
    since_s: float


class TickHealth:
    """Runs ticks, and knows how they went. `monotonic`: seconds that nobody can set."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._turn = monotonic, threading.Lock()
        self._begun_s = monotonic()
        self._running: dict[tuple[str, str], float] = {}
        self._failing: dict[tuple[str, str], Trouble] = {}
        self.failures: Counter[str] = Counter()

    def run(self, name: str, key: str, call: Callable[[], str | None]) -> None:
        """Run one tick; a failing one is logged, remembered until it succeeds, and stops no other. `name`: what it
        does; `key`: for which of many. `call` returns why it failed without raising, None where it did not."""
        with self._turn:
            self._begun_s = self._running[name, key] = self._monotonic()
        try:
            why = call()
        except Exception as error:
            log.exception("a tick failed", extra={"tick": name})
            why = type(error).__name__
        with self._turn:
            self._running.pop((name, key), None)
            before = self._failing.pop((name, key), None)
            if why:
                self.failures[name] += 1
                self._failing[name, key] = Trouble(why, before.since_s if before else self._monotonic())

    def forget(self, name: str, key: str) -> None:
        """This one does not tick any more."""
        with self._turn:
            self._failing.pop((name, key), None)

    def troubles(self) -> Mapping[str, str]:
        """{tick: what is wrong with it}, none where all is well. No names of what it is about: nobody logs in here."""
        now = self._monotonic()
        with self._turn:
            failing, running = dict(self._failing), dict(self._running)
        found: dict[str, list[str]] = {}
        for (name, _), trouble in sorted(failing.items(), key=lambda one: one[1].since_s):
            found.setdefault(name, []).append(f"fails since {duration(round(now - trouble.since_s))} ({trouble.why})")
        for (name, _), since in sorted(running.items(), key=lambda one: one[1]):
            if now - since > STUCK_S:
                found.setdefault(name, []).append(f"hangs since {duration(round(now - since))}")
        return {name: texts[0] + (f", and {len(texts) - 1} more" if texts[1:] else "") for name, texts in found.items()}

    def silent_s(self) -> float:
        """Seconds since a tick began, 0 where that is not too long ago."""
        silence = self._monotonic() - self._begun_s
        return silence if silence > SILENT_S else 0.0
