"""An agent's clocks: a clock that cannot be set back, and the offset of its wall clock from the control plane's."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from app.domain.agents.protocol import Instant

BOOT = Path("/proc/sys/kernel/random/boot_id")
LAST, OLDEST_S = 8, 3600.0  # measurements that are compared, and how long one may be believed


class BootClock:
    """Wall clock, and seconds since the machine's boot, suspended ones included, that nobody can set."""

    def __init__(self) -> None:
        self._clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        try:
            self.boot = BOOT.read_text("ascii").strip()
        except OSError:  # no Linux: a boot of our own, so that nobody compares with another process's seconds
            self.boot = token_hex(16)

    def seconds(self) -> float:
        """Since the boot."""
        return time.clock_gettime(self._clock)

    def __call__(self) -> Instant:
        """Now."""
        return Instant(datetime.now(UTC), self.seconds(), self.boot)


@dataclass(frozen=True, slots=True)
class Measured:
    """The control plane's time at a moment of ours, and half the round trip that it took to ask."""

    theirs: datetime
    mono_s: float
    error_s: float


class Offset:
    """How far the control plane's clock is from ours, as NTP measures: its time against the middle of a round trip.

    It is kept against the clock that nobody can set, so that a step of the wall clock changes the offset at once.
    """

    def __init__(self, clock: BootClock) -> None:
        self._clock = clock
        self._last: deque[Measured] = deque(maxlen=LAST)

    def measured(self, sent_s: float, received_s: float, theirs: datetime) -> None:
        """A request was sent and answered at these seconds, and the answer said this time."""
        middle = (sent_s + received_s) / 2
        self._last.append(Measured(theirs, middle, max(0.0, received_s - sent_s) / 2))

    def best(self) -> tuple[float, float | None]:
        """The offset to add to our wall clock now, and its error; (0, None) before the first measurement."""
        now = self._clock()
        fresh = [one for one in self._last if now.mono_s - one.mono_s <= OLDEST_S] or list(self._last)[-1:]
        if not fresh:
            return 0.0, None
        one = min(fresh, key=lambda each: each.error_s)
        theirs = one.theirs + timedelta(seconds=now.mono_s - one.mono_s)
        return (theirs - now.at).total_seconds(), one.error_s

    def corrected(self) -> datetime:
        """The control plane's time."""
        return self._clock().at + timedelta(seconds=self.best()[0])
