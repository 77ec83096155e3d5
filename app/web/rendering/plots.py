"""Geometry of the small plots: numbers in, positions out. Templates draw them (templates/ui/plots.html).

Positions are percentages of the plot's width, because pages carry no inline style and know no screen width.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, floor, log10
from typing import Any

from app.domain.operation import Operation, OperationKind, Stage, StageName, Trigger
from app.wording.quantities import plural
from app.wording.times import duration, scale

MARKS = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 21600.0, 86400.0, 864000.0, 8640000.0, 86400000.0)
WAITING = frozenset({StageName.VISIBLE, StageName.NOTICED, StageName.HEALTHY})


@dataclass(frozen=True, slots=True)
class RoadStep:
    """A stage as shown. `state`: done, active, failed, stopped or ahead; `took`: seconds since the stage before."""

    name: str
    state: str
    took: float | None = None
    at: datetime | None = None
    x: float = 0.0
    width: float = 0.0
    at_s: float = 0.0

    @property
    def waits(self) -> bool:
        """Whether the time went by in waiting, not in work of ours."""
        return self.name in WAITING


OURS = tuple(name for name in StageName if name not in (StageName.COMMITTED, StageName.VISIBLE))


def steps(stages: Iterable[Stage], now: datetime, phase: str = "succeeded") -> tuple[RoadStep, ...]:
    """The stages of a delivery, those not reached as "ahead": all eight, or the six that are ours where the commit's
    time is left out. `phase` tells running from failed."""
    seen = {stage.name: stage for stage in stages}
    result: list[RoadStep] = []
    before: datetime | None = None
    for name in StageName if StageName.NOTICED not in seen or StageName.COMMITTED in seen else OURS:
        if name is StageName.RENDERED and name not in seen and StageName.PLANNED in seen:
            continue  # earlier versions did not write it down
        stage = seen.get(name)
        end = (_end(stage) or now) if stage else None
        state = _state(stage, phase)
        result.append(RoadStep(name, state, (end - before).total_seconds() if end and before else None, _end(stage)))
        before = end or before
    return spread(result)


def road(one: Operation, now: datetime) -> tuple[RoadStep, ...]:
    """An operation's stages: from the commit where that was the news, and from the request where it was not (a
    rollback, a heal, a first delivery)."""
    news = one.from_revision not in (None, one.revision) and one.trigger is not Trigger.ROLLBACK
    shown = one.stages if news else [stage for stage in one.stages if stage.name in OURS]
    return steps(shown, now, one.phase)


def since(items: Sequence[RoadStep]) -> str:
    """From where `elapsed` counts, in words."""
    return "from the commit" if items and items[0].name == StageName.COMMITTED else "from the request"


def _end(stage: Stage | None) -> datetime | None:
    if stage is None:
        return None
    if stage.name is StageName.VISIBLE:
        return stage.started_at  # from then on it could be seen; what follows is waiting for somebody to look
    instant = stage.name in (StageName.COMMITTED, StageName.NOTICED)
    return stage.finished_at or (stage.started_at if instant else None)


def _state(stage: Stage | None, phase: str) -> str:
    if stage is None:
        return "ahead"
    if _end(stage):
        return "done"
    return {"running": "active", "failed": "failed", "error": "failed"}.get(phase, "stopped")


def spread(items: Sequence[RoadStep], least: float = 2.5) -> tuple[RoadStep, ...]:
    """Give each step its place on a full bar; no stage is thinner than `least` %."""
    total = elapsed(items)
    shares = [max(least, 100 * item.took / total) if item.took and total else 0.0 for item in items]
    shrink = min(1.0, 100 / sum(shares)) if sum(shares) else 1.0
    x, result = 0.0, []
    for item, share in zip(items, shares, strict=True):
        width = round(share * shrink, 2)
        result.append(RoadStep(item.name, item.state, item.took, item.at, round(x, 2), width))
        x += width
    return tuple(result)


def elapsed(items: Iterable[RoadStep]) -> float:
    """Seconds from the commit to the last stage reached."""
    return sum(item.took or 0 for item in items)


@dataclass(frozen=True, slots=True)
class Spark:
    """SVG paths of a sparkline: delivery bars, failed ones, the line of days in sync, the gaps of days in drift."""

    width: int
    good: str
    bad: str
    line: str
    gaps: str
    text: str


def spark(days: Sequence[tuple[int, int, bool]], pitch: int = 8, height: int = 20) -> Spark:
    """Days, oldest first: (deliveries, failed ones, whether in drift)."""
    top = max([4, *(count for count, _, _ in days)])
    good, bad, line, gaps = "", "", "", ""
    for index, (count, failed, drifting) in enumerate(days):
        x, unit = index * pitch + pitch / 2, (height - 4) / top
        split, high = height - 4 - failed * unit, height - 4 - count * unit
        good += f"M{x:g} {split:.3g}V{high:.3g}" if count > failed else ""
        bad += f"M{x:g} {height - 4}V{split:.3g}" if failed else ""
        if drifting:
            gaps += f"M{index * pitch + 3:g} {height - 1}h2"
        else:
            begun = index and not days[index - 1][2]
            line += f"h{pitch}" if begun else f"M{index * pitch:g} {height - 1}h{pitch}"
    return Spark(len(days) * pitch, good, bad, line, gaps, _in_words(days))


def _in_words(days: Sequence[tuple[int, int, bool]]) -> str:
    total, failed = sum(day[0] for day in days), sum(day[1] for day in days)
    drifting = sum(day[2] for day in days)
    text = f"{plural(total, 'delivery', 'deliveries')} in {plural(len(days), 'day')}"
    text += f", {failed} failed" if failed else ""
    return text + (f", drift on {plural(drifting, 'day')}" if drifting else "")


@dataclass(frozen=True, slots=True)
class Axis:
    """A shared axis; `ticks` are (position, label). Logarithmic where the values span more than a factor of 50."""

    low: float
    high: float
    logarithmic: bool
    ticks: tuple[tuple[float, str], ...]

    @property
    def words(self) -> str:
        """The scale in words, "" where nothing was measured."""
        return scale(self.low, self.high, logarithmic=self.logarithmic) if self.ticks else ""

    def at(self, value: float) -> float:
        """A value's position, 0 to 100."""
        if self.logarithmic:
            share = (log10(max(value, self.low)) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(min(1.0, max(0.0, share)) * 100, 2)


def axis(values: Iterable[float], label: Callable[[float], str] = duration) -> Axis:
    """An axis over all the values (seconds, unless `label` says otherwise) that will be set against each other."""
    known = sorted(value for value in values if value > 0)
    if not known:
        return Axis(0.0, 1.0, False, ())
    low, high = known[0], known[-1]
    if high / low > 50:
        first, last = bisect_right(MARKS, low) - 1, bisect_left(MARKS, high)
        marks = MARKS[max(first, 0) : last + 1]
        return _with_ticks(Axis(marks[0], marks[-1], True, ()), marks, label)
    step = _round_step(high / 3)
    top = ceil(high / step) * step
    return _with_ticks(Axis(0.0, top, False, ()), [step * i for i in range(round(top / step) + 1)], label)


def _with_ticks(bare: Axis, marks: Sequence[float], label: Callable[[float], str]) -> Axis:
    kept = marks[:: ceil(len(marks) / 5)]
    ticks = tuple((bare.at(mark), label(mark).replace(".0 ", " ") if mark else "0") for mark in kept)
    return Axis(bare.low, bare.high, bare.logarithmic, ticks)


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10, … or, from a minute on, a step that reads well in minutes and hours."""
    if rough > 20:
        clock_steps = (30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
        return next((float(step) for step in clock_steps if step >= rough), ceil(rough / 86400) * 86400.0)
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def shared_axis(operations: Iterable[Operation | None], now: datetime) -> Axis:
    """One axis of time for the bars of several operations: what is longer took longer."""
    syncs = [one for one in operations if one and one.kind is OperationKind.SYNC and one.stages]
    return axis([elapsed(road(one, now)) for one in syncs])


def own_axis(items: Iterable[RoadStep]) -> Axis:
    """The axis of one operation alone."""
    return axis([item.at_s + (item.took or 0) for item in placed(items)])


def placed(items: Iterable[RoadStep]) -> tuple[RoadStep, ...]:
    """Steps with the seconds from the first one to where each begins."""
    found, at_s = [], 0.0
    for item in items:
        found.append(replace(item, at_s=at_s))
        at_s += item.took or 0
    return tuple(found)


def on_axis(items: Iterable[RoadStep], on: Axis) -> tuple[RoadStep, ...]:
    """Steps where an axis of time has them, each wide enough to be seen."""
    found = []
    for item in placed(items):
        x = min(on.at(item.at_s) if item.at_s else 0.0, 99.2)
        end = on.at(item.at_s + item.took) if item.took is not None and (item.at_s or item.took) else x
        found.append(replace(item, x=x, width=round(max(end - x, 0.8), 2) if item.took is not None else 0.0))
    return tuple(found)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (steps, road, since, elapsed, spark, axis, own_axis, on_axis)
}
