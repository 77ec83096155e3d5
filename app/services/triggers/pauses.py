"""Pauses between polls of what does not answer: a server, or one of its repositories, as one credential sees it.

They are this process's own, and counted in monotonic seconds: nobody can set that clock. Polls keep to them; what a
person or a webhook asks for does not, but for what a server itself has asked to wait with.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

LONGEST_S = 300.0
DOUBLINGS = 12


@dataclass(slots=True)
class Pause:
    """Until when (monotonic seconds) nothing is asked, and why. `told`: the repositories on which that was told."""

    until_s: float = 0.0
    failures: int = 0
    why: str = ""
    told: set[str] = field(default_factory=set)


Place = tuple[str, str | None]  # an address, or a server, and the credential


class Pauses:
    """Growing pauses, one per place that did not answer."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._pauses: dict[Place, Pause] = {}

    def failed(self, place: Place, why: str, now_s: float, base_s: float, asked_s: float = 0.0) -> float:
        """Begin a pause, twice as long as the last one; returns its seconds. `base_s`: the first one, and the least;
        `asked_s`: what the server asked for."""
        with self._turn:
            pause = self._pauses.setdefault(place, Pause())
            grown = min(max(LONGEST_S, base_s), base_s * float(2 ** min(DOUBLINGS, pause.failures)))
            pause.failures, pause.why, pause.told = pause.failures + 1, why, set()
            length = max(grown, asked_s)
            pause.until_s = now_s + length
            return length

    def answered(self, *places: Place) -> None:
        """They answer: the next failure begins with the shortest pause."""
        with self._turn:
            for place in places:
                self._pauses.pop(place, None)

    def open(self, now_s: float, *places: Place) -> Pause | None:
        """The pause of the first of these places that has one now."""
        with self._turn:
            found = (self._pauses.get(place) for place in places)
            return next((pause for pause in found if pause and now_s < pause.until_s), None)
