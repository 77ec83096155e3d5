"""Where the time goes, stage by stage, and day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from operator import sub

from app.comparison.evidence import MODES, Evidence
from app.comparison.result import Day, Stages, StageTime
from app.comparison.statistics import median
from app.comparison.timing.clock_chain import Delivered
from app.domain.operation import StageName
from app.wording.times import duration

_ENDS: tuple[Callable[[Delivered], datetime | None], ...] = (
    lambda one: one.visible_at,
    lambda one: one.noticed_at,
    lambda one: one.fact.fetched_at,
    lambda one: one.fact.rendered_at or one.fact.fetched_at,  # earlier versions did not write it down
    lambda one: one.fact.planned_at,
    lambda one: one.fact.applied_at,
    lambda one: one.fact.healthy_at,
)


def stages(evidence: Evidence) -> tuple[Stages, ...]:
    """Both modes' stage medians, in seconds from the commit."""
    return tuple(_stages_of(mode, [ends for _, ends in stage_ends(evidence, mode)]) for mode in MODES)


def days(evidence: Evidence) -> tuple[Day, ...]:
    """Both modes' lead time, day by day, oldest first."""
    found: dict[date, dict[str, list[float]]] = defaultdict(dict)
    for mode in MODES:
        for one in evidence.delivered[mode]:
            if one.lead is not None:
                found[one.live_at.date()].setdefault(mode, []).append(one.lead)
    return tuple(
        Day(day, {mode: median(leads) for mode, leads in of.items()}, {mode: len(leads) for mode, leads in of.items()})
        for day, of in sorted(found.items())
    )


def _stages_of(mode: str, whole: Sequence[Sequence[datetime]]) -> Stages:
    if not whole:
        return Stages(mode, 0, (), f"No {mode} delivery passed every stage.")
    columns = [[(ends[at] - ends[0]).total_seconds() for ends in whole] for at in range(len(StageName))]
    ends = [median(column) for column in columns]
    took = [0.0, *(median([*map(sub, after, before)]) for before, after in pairwise(columns))]
    shown = tuple(StageTime(name.value, at, own) for name, at, own in zip(StageName, ends, took, strict=True))
    longest = max(shown, key=lambda one: one.took)
    sentence = f"With {mode}, a commit takes {duration(ends[-1])} to live"
    sentence += f"; the longest stage is {longest.name} ({duration(longest.took)})."
    return Stages(mode, len(whole), shown, sentence)


def stage_ends(evidence: Evidence, mode: str) -> Iterator[tuple[Delivered, Sequence[datetime]]]:
    """Each delivery of a mode that passed every stage, with the ends of its stages in their order, never going back."""
    for one in evidence.delivered[mode]:
        if one.committed_at and all(end(one) for end in _ENDS[2:]):
            ends = [one.committed_at]
            for end in _ENDS:
                ends.append(max(ends[-1], end(one) or one.committed_at))
            yield one, ends
