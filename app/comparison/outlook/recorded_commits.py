"""One environment's commits as its ledger tells them: when each could be seen, and how long its delivery took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.comparison.evidence import Evidence
from app.comparison.statistics import median
from app.comparison.timing.clock_chain import Delivered, visible_from


@dataclass(frozen=True, slots=True)
class RecordedCommit:
    """A commit. `visible_s`: seconds from the window's start until it could be seen; `took_s`: seconds of work from the
    moment at which it was noticed and nothing else was at work until it was live; `live_s` as `visible_s`, None for one
    that a newer one overtook."""

    revision: str
    visible_s: float
    took_s: float
    live_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The commits of an environment in one mode, in the order in which they could be seen. `untimed`: those of which it
    is not known when they could be seen, or whose delivery was not measured."""

    commits: tuple[RecordedCommit, ...] = ()
    untimed: int = 0

    @property
    def delivered(self) -> tuple[RecordedCommit, ...]:
        """Those that went live by themselves."""
        return tuple(one for one in self.commits if one.live_s is not None)

    @property
    def overtaken(self) -> int:
        """How many a newer one overtook."""
        return len(self.commits) - len(self.delivered)

    @property
    def took_s(self) -> float | None:
        """The median work of a delivery, seconds; None where none was measured."""
        return median([one.took_s for one in self.delivered]) if self.delivered else None


def recorded(evidence: Evidence, mode: str) -> Recorded:
    """The commits that evidence of one environment holds of a mode. Those that were overtaken were never worked on:
    they get the median work of the others, and without any they count as untimed, as does what another system delivered
    and only told us of."""
    since = evidence.window.since
    delivered = sorted(evidence.delivered[mode], key=lambda one: one.live_at)
    ours = [one for one in delivered if not one.fact.told_by]
    went = [
        RecordedCommit(one.revision, _seconds(since, one.visible_at), took, _seconds(since, one.live_at))
        for one, took in zip(ours, _work(ours), strict=True)
        if one.visible_at
    ]
    typical = median([one.took_s for one in went]) if went else None
    passed = [(one.commit.revision, visible_from(one.commit)) for one in evidence.skipped[mode]]
    over = [RecordedCommit(sha, _seconds(since, at), typical) for sha, at in passed if at and typical is not None]
    untimed = len(delivered) - len(went) + len(passed) - len(over)
    return Recorded(tuple(sorted((*went, *over), key=lambda one: one.visible_s)), untimed)


def _work(delivered: Sequence[Delivered]) -> list[float]:
    """Seconds that each delivery took once it was noticed and the one before it was over."""
    took: list[float] = []
    free: datetime | None = None
    for one in delivered:
        start = max(one.noticed_at, free) if free else one.noticed_at
        took.append(max(0.0, _seconds(start, one.live_at)))
        free = one.fact.finished_at or one.live_at
    return took


def _seconds(since: datetime, at: datetime) -> float:
    return (at - since).total_seconds()
