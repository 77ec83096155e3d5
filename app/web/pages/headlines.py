"""The three figures of push against pull that the overview shows, computed apart so that no page waits for them."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from fastapi import Request

from app.domain.comparison import Comparison
from app.services.use_cases import UseCases
from app.web.requests.background import Background

WINDOW = "30d"
FRESH_S = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The last comparison, and when it was made (monotonic seconds)."""

    comparison: Comparison
    at: float


class Headlines:
    """Keeps the last comparison and has it renewed in the background."""

    def __init__(self, use_cases: UseCases, background: Background) -> None:
        self._use_cases, self._background = use_cases, background
        self._kept: Kept | None = None
        self._busy = threading.Lock()

    def latest(self) -> Comparison | None:
        """What is known now, None at first; anything older than a minute is renewed for the next one who asks."""
        kept, now = self._kept, self._use_cases.ports.clock.monotonic()
        if (kept is None or now - kept.at > FRESH_S) and self._busy.acquire(blocking=False):
            self._background.run("headlines", self._renew)
        return kept.comparison if kept else None

    def _renew(self) -> None:
        try:
            found = self._use_cases.comparison.compare(WINDOW)
            self._kept = Kept(found, self._use_cases.ports.clock.monotonic())
        finally:
            self._busy.release()


def headlines(request: Request) -> Comparison | None:
    """The installation's latest comparison of the last 30 days, if there is one yet."""
    state = request.app.state
    if not hasattr(state, "headlines"):
        state.headlines = Headlines(state.use_cases, state.background)
    latest: Comparison | None = state.headlines.latest()
    return latest
