"""Lanes: however slow a server is, it keeps few threads waiting, and never those of another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

WIDTH = 2  # calls of one lane at a time


@dataclass(slots=True)
class Lane:
    """What runs of one server, and what waits for its turn, in the order in which it came."""

    running: set[str] = field(default_factory=set)
    waiting: OrderedDict[str, Callable[[], None]] = field(default_factory=OrderedDict)


class HostLanes:
    """Runs calls in the calling thread where their lane has room; else the lane's own threads run them later."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._lanes: dict[str, Lane] = {}

    def run(self, name: str, key: str, call: Callable[[], None]) -> None:
        """Run a call, which must not raise, in a lane. One whose `key` runs or waits there already is left out."""
        with self._turn:
            lane = self._lanes.setdefault(name, Lane())
            if key in lane.running or key in lane.waiting:
                return
            if len(lane.running) >= WIDTH:
                lane.waiting[key] = call
                return
            lane.running.add(key)
        now: Callable[[], None] | None = call
        while now is not None:
            try:
                now()
            finally:
                key, now = self._next(name, lane, key)

    def _next(self, name: str, lane: Lane, ended: str) -> tuple[str, Callable[[], None] | None]:
        with self._turn:
            lane.running.discard(ended)
            if lane.waiting:
                key, call = lane.waiting.popitem(last=False)
                lane.running.add(key)
                return key, call
            if not lane.running:
                self._lanes.pop(name, None)
            return "", None
