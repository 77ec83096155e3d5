"""An interval that does not care what was done to the wall clock."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger

JUMP_S = 1.0  # the wall clock was set where it differs by more from the clock that nobody can set

_CHANCE = random.Random()  # noqa: S311 - no secret; one of its own, so that no seed of others is moved


class SteadyTrigger(BaseTrigger):  # type: ignore[misc]
    """Every so many seconds from the last time on. What was missed is not made up for, and a last time in the future
    counts as now: APScheduler's own interval makes up for a day in 86,400 steps, and waits an hour after a clock was
    set back by one."""

    def __init__(self, seconds: float, jitter: float = 0.0) -> None:
        self.seconds, self._jitter = seconds, jitter

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next time after `previous_fire_time`."""
        step = timedelta(seconds=self.seconds + _CHANCE.uniform(0, self._jitter))
        steady = previous_fire_time is not None and timedelta() <= now - previous_fire_time < 2 * step
        return (previous_fire_time if steady and previous_fire_time else now) + step


class JumpWatch:
    """Notices that the wall clock was set."""

    def __init__(self, wall: float, monotonic: float) -> None:
        self._offset = wall - monotonic

    def jumped(self, wall: float, monotonic: float) -> float:
        """Seconds by which the wall clock was set since the last look, 0 where it was not."""
        before, self._offset = self._offset, wall - monotonic
        step = self._offset - before
        return step if abs(step) > JUMP_S else 0.0
