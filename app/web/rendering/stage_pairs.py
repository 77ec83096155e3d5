"""Both modes' median deliveries, stage by stage, on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.comparison import Stages
from app.web.rendering.plots import WAITING, Axis, axis

THINNEST = 0.8  # per cent of the axis: what took no time is still seen


@dataclass(frozen=True, slots=True)
class StageBar:
    """A stage of one mode. `x`, `width`: per cent of the axis; `took_s`: its median; `at_s`: when it was over, from
    the commit; `waits`: whether the time went by in waiting."""

    mode: str
    x: float
    width: float
    took_s: float
    at_s: float
    waits: bool


@dataclass(frozen=True, slots=True)
class StagePair:
    """A stage in both modes, as far as they have it."""

    name: str
    bars: tuple[StageBar, ...]


def stage_pairs(found: Sequence[Stages]) -> tuple[tuple[StagePair, ...], Axis | None]:
    """The stages from the commit on, and their axis; it is never logarithmic, so that length is time."""
    known = [stages for stages in found if stages.stages]
    ends = [stage.at for stages in known for stage in stages.stages]
    if not known or not max(ends):
        return (), None
    on = axis([max(ends)])
    bars: dict[str, list[StageBar]] = {}
    for stages in known:
        for before, stage in pairwise(stages.stages):
            x = min(on.at(before.at), 100 - THINNEST)
            width = max(round(on.at(stage.at) - x, 2), THINNEST)
            bar = StageBar(stages.mode, x, width, stage.took, stage.at, stage.name in WAITING)
            bars.setdefault(stage.name, []).append(bar)
    return tuple(StagePair(name, tuple(of)) for name, of in bars.items()), on
