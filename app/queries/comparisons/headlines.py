"""The comparison that the overview shows, computed apart so that no page waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.comparison import Comparison
from app.domain.identity import SYSTEM, Identity
from app.ports import Clock
from app.queries.comparisons.comparison_queries import ComparisonQueries

WINDOW = "30d"
FRESH_S = 60.0
Later = Callable[[str, Callable[[], object]], object]  # runs a named piece of work in the background


@dataclass(frozen=True, slots=True)
class Kept:
    """The last comparison, and when it was made (monotonic seconds)."""

    comparison: Comparison
    at: float


class Headlines:
    """Keeps the last comparison and has it renewed in the background, once at a time."""

    def __init__(self, comparison: ComparisonQueries, clock: Clock, later: Later) -> None:
        self._comparison, self._clock, self._later = comparison, clock, later
        self._kept: Kept | None = None
        self._busy = threading.Lock()

    def latest(self, identity: Identity) -> Comparison | None:
        """The cached comparison, None at first; one older than a minute is recomputed for the next request."""
        kept, now = self._kept, self._clock.monotonic()
        if (kept is None or now - kept.at > FRESH_S) and self._busy.acquire(blocking=False):
            self._later("headlines", self._renew)
        return kept.comparison if kept else None

    def _renew(self) -> None:
        try:
            found = self._comparison.compare(SYSTEM, WINDOW)
            self._kept = Kept(found, self._clock.monotonic())
        finally:
            self._busy.release()
