"""Distributions set against each other: how large a share is over by when, for both modes on one axis.

Paths are in a view box of 100 by 100 that templates stretch; nothing of all is at the bottom, all of it at the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.comparison.result import Cell, ComparisonRow
from app.comparison.statistics import thinned
from app.web.rendering.plots import Axis, axis
from app.wording.times import duration

POINTS = 36  # more cannot be told apart, and pages have to stay small
QUANTILES = (
    (0.25, "A quarter within"),
    (0.5, "Half (median)"),
    (0.75, "Three quarters"),
    (0.95, "95 % within"),
)
Steps = Sequence[tuple[float, float]]  # (seconds, share that is over by then), both ascending


@dataclass(frozen=True, slots=True)
class Curves:
    """`paths`: {mode: SVG path}; `shift`: where push's median lies and where it would lie if it were as far off as
    pull is (Hodges and Lehmann), `band`: where that is with 95 % confidence, all as positions on the axis."""

    on: Axis
    paths: Mapping[str, str]
    text: str
    shift: tuple[float, float] | None = None
    band: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class QuantileRow:
    """A line of the table beside the curves; values in words."""

    label: str
    push: str
    pull: str


def curves_of(row: ComparisonRow) -> Curves | None:
    """The curves of a row of durations; None where there are none to draw."""
    steps = {cell.mode: steps_of(cell) for cell in row.cells}
    if row.heading.unit != "s" or sum(len(cell.sample) for cell in row.cells) < 2:
        return None
    on = axis([value for cell in row.cells for value in cell.sample])
    if not on.ticks:
        return None
    longest = {cell.mode: cell.sample[-1] for cell in row.cells if cell.sample}
    paths = {mode: _path(known, on, longest[mode]) for mode, known in steps.items() if known}
    return Curves(on, paths, _text(row), *_shift(row, on))


def curves_of_samples(samples: Mapping[str, Sequence[float]], text: str) -> Curves:
    """Of samples (ascending, seconds) in which everything is over; `text` says in words what is drawn."""
    on = axis([value for sample in samples.values() for value in sample])
    return Curves(on, {mode: _path(_steps(sample), on, sample[-1]) for mode, sample in samples.items() if sample}, text)


def steps_of(cell: Cell) -> Steps:
    """How large a share is over by when; with durations that have not ended, as far as that is known."""
    if cell.over_by or cell.value is None:
        return cell.over_by
    return _steps(cell.sample)


def _steps(sample: Sequence[float]) -> Steps:
    return [(value, place / len(sample)) for place, value in enumerate(sample, 1)]


def _path(steps: Steps, on: Axis, longest: float) -> str:
    """Up at each value; a curve that does not reach all ends where nothing is known any more."""
    parts = ["M0 100"]
    for value, share in thinned(steps, POINTS):
        parts.append(f"H{on.at(value):.1f}V{100 - 100 * share:.1f}")
    end = 100.0 if steps[-1][1] >= 1 else on.at(longest)
    return "".join([*parts, f"H{end:.1f}"]).replace(".0", "")


def _shift(row: ComparisonRow, on: Axis) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    start, verdict = row.push.value, row.verdict
    if start is None or verdict.difference is None or not verdict.tested:
        return None, None
    shift = on.at(start), on.at(start - verdict.difference)
    if verdict.interval is None:
        return shift, None
    near, far = sorted(on.at(max(0.0, start - end)) for end in verdict.interval)
    return shift, (near, far)


def _text(row: ComparisonRow) -> str:
    medians = [
        f"{cell.mode} {duration(cell.value)} (n {cell.n:,})" if cell.value is not None else f"{cell.mode} not known"
        for cell in row.cells
    ]
    return f"{row.heading.title}: share that is over by when; medians: {', '.join(medians)}"


def quantile_table(row: ComparisonRow) -> tuple[QuantileRow, ...]:
    """The same in figures."""
    lines = [QuantileRow(label, *(_quantile(cell, share) for cell in row.cells)) for share, label in QUANTILES]
    lines.insert(2, QuantileRow("Its 95 % interval", *(_interval(cell) for cell in row.cells)))
    lines.append(QuantileRow("Longest", *(_held(cell.sample[-1] if cell.sample else None) for cell in row.cells)))
    return tuple(lines)


def _quantile(cell: Cell, share: float) -> str:
    if share == 0.5:
        return _held(cell.value)
    if share == 0.95:
        return _held(cell.p95)
    if cell.n < 5:
        return duration(None)
    return _held(next((value for value, over in steps_of(cell) if over >= share - 1e-9), None))


def _interval(cell: Cell) -> str:
    if cell.interval is None:
        return duration(None)
    low, high = cell.interval
    return f"{_held(low)} to {'unknown' if high is None else _held(high)}"


def _held(seconds: float | None) -> str:
    """A duration that no line break takes apart."""
    return duration(seconds).replace(" ", "\u00a0")
