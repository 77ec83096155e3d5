"""How many of a sample are over by when: the empirical distribution, as an SVG path of 100 by 100."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.web.rendering.plots import Axis, axis


@dataclass(frozen=True, slots=True)
class StepCurves:
    """{mode: path}, on one axis; `text` tells the same in words."""

    on: Axis
    paths: Mapping[str, str]
    text: str


def step_curves(samples: Mapping[str, Sequence[float]]) -> StepCurves:
    """The distributions of some samples (ascending, seconds) on a shared axis."""
    on = axis([value for sample in samples.values() for value in sample])
    paths = {mode: _path(sample, on) for mode, sample in samples.items() if sample}
    return StepCurves(on, paths, "Share of changes that are out, by seconds since they were visible")


def _path(sample: Sequence[float], on: Axis) -> str:
    parts, share = ["M0 100"], 100.0
    for place, value in enumerate(sample, 1):
        share = round(100 - 100 * place / len(sample), 2)
        parts.append(f"H{on.at(value)}V{share:g}")
    return "".join([*parts, "H100"])
