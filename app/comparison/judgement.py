"""From measurements to cells and verdicts, the same way for push and for pull.

A verdict is given only where both modes have enough cases and the 95 % interval of the difference leaves out zero.
What was counted in full (specifications) needs no interval: there the figures themselves are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.comparison.counted import Counted
from app.comparison.result import Call, Cell, ComparisonRow, Detail, Heading, Interval, Pairing, Verdict
from app.comparison.statistics import (
    median,
    median_difference,
    median_interval,
    quantile,
    share_difference,
    share_interval,
    thinned,
)
from app.domain.environment import Mode
from app.wording.figures import middle_of
from app.wording.quantities import amount, gap, plural
from app.wording.times import duration

NEEDED_FOR_P95 = 20


@dataclass(frozen=True, slots=True)
class Measure:
    """What one mode contributes to a row: what it counted. `note` is a sentence more."""

    mode: str
    cases: Sequence[Counted] = ()
    details: tuple[Detail, ...] = ()
    note: str = ""

    @property
    def values(self) -> list[float]:
        """The sample."""
        return [case.value for case in self.cases]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.cases)

    @property
    def hits(self) -> int:
        """How many of them the figure of a share counts."""
        return sum(case.value > 0 for case in self.cases)


@dataclass(frozen=True, slots=True)
class Phrases:
    """How a row speaks. `found` may use {Mode}, {mode}, {value}, {of}, {n}, {hits}; `nothing` {Mode} and {mode};
    `word` ends a verdict ("sooner", "fewer")."""

    found: str
    nothing: str
    word: str


def detail(label: str, value: float | None, unit: str = "") -> Detail:
    """A further figure; None reads "not measured"."""
    return Detail(label, value, unit, "not measured" if value is None else amount(value, unit))


def times(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of durations: medians, compared by the interval of their difference."""
    one, other = sorted(push.values), sorted(pull.values)
    difference, interval = None, None
    if one and other:
        difference = quantile(one, 0.5) - quantile(other, 0.5)
    if min(len(one), len(other)) >= heading.needed:
        interval = median_difference(one, other)
    verdict = judge(heading, says.word, (len(one), len(other)), difference, interval)
    return ComparisonRow(heading, _time_cell(heading, says, push, one), _time_cell(heading, says, pull, other), verdict)


def _time_cell(heading: Heading, says: Phrases, measure: Measure, ordered: Sequence[float]) -> Cell:
    n = len(ordered)
    value = quantile(ordered, 0.5) if n else None
    p95 = quantile(ordered, 0.95) if n >= NEEDED_FOR_P95 else None
    return Cell(
        measure.mode,
        value,
        n,
        _sentence(says, measure, value, unit=heading.unit, of=middle_of(n, p95)),
        median_interval(ordered),
        p95,
        thinned(ordered),
        measure.details,
        tuple(measure.cases),
    )


def shares(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of proportions."""
    difference = push.hits / push.n - pull.hits / pull.n if push.n and pull.n else None
    interval = None
    if min(push.n, pull.n) >= heading.needed:
        interval = share_difference(push.hits, push.n, pull.hits, pull.n)
    verdict = judge(heading, says.word, (push.n, pull.n), difference, interval)
    return ComparisonRow(heading, _share_cell(says, push), _share_cell(says, pull), verdict)


def _share_cell(says: Phrases, measure: Measure) -> Cell:
    value = measure.hits / measure.n if measure.n else None
    sentence = _sentence(says, measure, value, n=f"{measure.n:,}", hits=f"{measure.hits:,}")
    interval = share_interval(measure.hits, measure.n)
    return Cell(measure.mode, value, measure.n, sentence, interval, None, (), measure.details, tuple(measure.cases))


def counts(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of numbers read off every environment: means, compared as they stand."""
    cells = _count_cell(heading, says, push), _count_cell(heading, says, pull)
    difference = None
    if cells[0].value is not None and cells[1].value is not None:
        difference = round(round(cells[0].value, 2) - round(cells[1].value, 2), 9)  # that of the figures shown
    verdict = judge(heading, says.word, (cells[0].n, cells[1].n), difference, None)
    return ComparisonRow(heading, *cells, verdict)


def _count_cell(heading: Heading, says: Phrases, measure: Measure) -> Cell:
    n = len(measure.values)
    value = sum(measure.values) / n if n else None
    sentence = _sentence(says, measure, value, unit=heading.unit, n=f"{n:,}")
    sample = thinned(sorted(measure.values))
    return Cell(measure.mode, value, n, sentence, None, None, sample, measure.details, tuple(measure.cases))


def _sentence(says: Phrases, measure: Measure, value: float | None, unit: str = "", **words: str) -> str:
    words |= {"mode": measure.mode, "Mode": measure.mode.capitalize()}
    if value is None:
        return says.nothing.format(**words)
    text = says.found.format(**words, value=amount(value, unit))
    return f"{text} {measure.note}".rstrip()


def judge(
    heading: Heading, word: str, n: tuple[int, int], difference: float | None, interval: Interval | None
) -> Verdict:
    """Who does better. `difference` is push minus pull; without an interval it is taken as counted in full."""
    if heading.by_design or heading.better is None:
        return Verdict(Call.OPEN, _no_contest(heading, word, difference), difference, interval)
    if min(n) < heading.needed or difference is None:
        return Verdict(Call.TOO_FEW, f"Too few to say ({min(n):,} of {heading.needed} needed)", difference)
    low, high = interval or (difference, difference)
    if low <= 0 <= high:
        return Verdict(Call.EVEN, _no_difference(heading.unit, interval), difference, interval)
    winner = Call.PUSH if (high < 0) == (heading.better == "lower") else Call.PULL
    finding = f"{gap(abs(difference), heading.unit)} {word}"
    if interval:
        near, far = sorted((abs(low), abs(high)))
        finding += f" (95 %: {gap(near, heading.unit)} to {gap(far, heading.unit)})"
    return Verdict(winner, finding, difference, interval)


def _no_contest(heading: Heading, word: str, difference: float | None) -> str:
    if not heading.by_design:
        return "A trade-off, not a contest"
    if heading.unit == "share":
        return "Should be all, in both modes"
    if not difference:
        return "By design, not a contest"
    side = Mode.PUSH if (difference < 0) == (heading.better == "lower") else Mode.PULL
    return f"By design: {gap(abs(difference), heading.unit)} {word} with {side.value}"


def _no_difference(unit: str, interval: Interval | None) -> str:
    if interval is None or interval[0] == interval[1]:
        return "No difference"
    low, high = gap(interval[0], unit), gap(interval[1], unit)
    return f"No difference shown (push minus pull: {low} to {high})"


def pairs(heading: Heading, word: str, measured: Sequence[tuple[float, float]]) -> Pairing:
    """Differences within revisions: (push, pull) per revision that went both ways. `word` as in "push was sooner"."""
    gaps = sorted(push - pull for push, pull in measured)
    n = len(gaps)
    middle = quantile(gaps, 0.5) if n else None
    first = sum(one < 0 for one in gaps)
    second = sum(one > 0 for one in gaps)
    verdict = judge(heading, word, (n, n), middle, median_interval(gaps))
    return Pairing(
        heading,
        n,
        median([push for push, _ in measured]) if n else None,
        median([pull for _, pull in measured]) if n else None,
        first,
        second,
        thinned(gaps),
        verdict,
        _paired_sentence(n, first, second, verdict, word),
    )


def _paired_sentence(n: int, first: int, second: int, verdict: Verdict, word: str) -> str:
    if not n:
        return "No revision has gone both ways."
    both = f"{plural(n, 'revision')} went both ways: push was {word} with {first:,}, pull with {second:,}"
    if not verdict.winner:
        return f"{both}. {verdict.text}."
    near, far = sorted(map(abs, verdict.interval or (0.0, 0.0)))
    median_gap = f"{duration(abs(verdict.difference or 0))} (95 %: {duration(near)} to {duration(far)})"
    return f"{both}. The median difference is {median_gap}, in favour of {verdict.winner}."
