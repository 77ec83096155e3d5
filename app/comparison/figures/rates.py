"""Rows that are no sample of values: rates over what was observed, loads for each that was counted, and words."""

from __future__ import annotations

from collections.abc import Sequence

from app.comparison.judgement import Measure, Phrases, judge, sentence_of
from app.comparison.mode_tests import Contrast
from app.comparison.result import Bounds, Cell, ComparisonRow, Heading
from app.comparison.statistics import poisson_interval
from app.wording.quantities import amount

LEAST = 1.0  # days


def words(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row without a figure: each side's own sentence, its `note`."""
    cells = [
        Cell(
            one.mode, None, one.n, one.note or sentence_of(says, one, None), details=one.details, cases=tuple(one.cases)
        )
        for one in (push, pull)
    ]
    return ComparisonRow(heading, cells[0], cells[1], judge(heading, says.word, (push.n, pull.n), Contrast()))


def rates(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of what was counted over what was observed; nothing counted is a rate of zero. Of less than a day in all,
    no rate is known: a few minutes would be told as thousands a day."""
    return _over(heading, says, [_rate(heading, says, one) for one in (push, pull)])


def _rate(heading: Heading, says: Phrases, measure: Measure) -> Cell:
    observed = sum(one.amount for one in measure.observed)
    value = measure.n / observed if observed >= LEAST else None
    interval = poisson_interval(measure.n, observed) if observed >= LEAST else None
    return _observed_cell(heading, says, measure, value, interval)


def loads(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of what was observed for each that was counted; none where nothing was counted, or nothing observed."""
    return _over(heading, says, [_load(heading, says, one) for one in (push, pull)])


def _load(heading: Heading, says: Phrases, measure: Measure) -> Cell:
    observed = sum(one.amount for one in measure.observed)
    value = observed / measure.n if measure.n and measure.observed else None
    return _observed_cell(heading, says, measure, value, None)


def _observed_cell(
    heading: Heading, says: Phrases, measure: Measure, value: float | None, interval: Bounds | None
) -> Cell:
    observed = sum(one.amount for one in measure.observed)
    sentence = sentence_of(
        says, measure, value, unit=heading.unit, n=f"{measure.n:,}", observed=amount(round(observed, 1), "")
    )  # fmt: skip
    return Cell(
        measure.mode, value, measure.n, sentence.strip(), interval, details=measure.details,
        cases=tuple(measure.cases), observed=observed if measure.observed else None, over=measure.observed,
    )  # fmt: skip


def _over(heading: Heading, says: Phrases, cells: Sequence[Cell]) -> ComparisonRow:
    push, pull = cells
    known = push.value is not None and pull.value is not None
    difference = (push.value or 0) - (pull.value or 0) if known else None
    return ComparisonRow(heading, push, pull, judge(heading, says.word, (push.n, pull.n), Contrast(difference)))
