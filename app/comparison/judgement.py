"""From measurements to cells and verdicts, the same way for push and for pull.

A verdict is given only where both modes have enough cases from enough environments, chance alone would hardly show as
much, and the 95 % interval of the difference leaves out zero; `family.py` then weighs all verdicts of a page together.
What was counted in full (specifications) needs no interval: there the figures themselves are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.comparison import mode_tests
from app.comparison.counted import Counted, Observed
from app.comparison.mode_tests import LEVEL, Contrast
from app.comparison.pairing import Pairs
from app.comparison.result import Bounds, Call, Cell, ComparisonRow, Detail, Heading, Pairing, Verdict
from app.comparison.statistics import (
    median,
    median_interval,
    quantile,
    quantile_interval,
    share_interval,
    thinned,
)
from app.comparison.statistics.needed import ENVIRONMENTS, PAIRS
from app.comparison.statistics.survival import median_lasting, median_lasting_interval, shares_over
from app.domain.environment import Mode
from app.wording.figures import bounded, middle_of, needed_in_words
from app.wording.quantities import amount, gap, percent, plural
from app.wording.times import duration

NEEDED_FOR_P95 = 20


@dataclass(frozen=True, slots=True)
class Measure:
    """What one mode contributes to a row: what it counted. `note` is a sentence more; `observed`: what a rate is over
    or of."""

    mode: str
    cases: Sequence[Counted] = ()
    details: tuple[Detail, ...] = ()
    note: str = ""
    observed: tuple[Observed, ...] = ()

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
    """How a row speaks. `found` may use {Mode}, {mode}, {value}, {of}, {n}, {hits}, {observed}; `nothing` {Mode} and
    {mode}; `word` ends a verdict ("sooner", "fewer")."""

    found: str
    nothing: str
    word: str


def detail(label: str, value: float | None, unit: str = "") -> Detail:
    """A further figure; None reads "not measured"."""
    return Detail(label, value, unit, "not measured" if value is None else amount(value, unit))


def times(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of durations: medians, compared by those of the environments."""
    found = mode_tests.durations(push.cases, pull.cases, _enough(heading, push, pull))
    verdict = judge(heading, says.word, (push.n, pull.n), found)
    return ComparisonRow(heading, _time_cell(heading, says, push), _time_cell(heading, says, pull), verdict)


def _enough(heading: Heading, push: Measure, pull: Measure) -> bool:
    return heading.contest and min(push.n, pull.n) >= heading.needed


def _time_cell(heading: Heading, says: Phrases, measure: Measure) -> Cell:
    ordered, n = sorted(measure.values), measure.n
    open_ = sum(not case.ended for case in measure.cases)
    value, interval = _middle(measure, ordered)
    p95 = quantile(ordered, 0.95) if n >= NEEDED_FOR_P95 and not open_ else None
    bounds = None if p95 is None else quantile_interval(ordered, 0.95)
    of = middle_of(n, p95, bounds, open_)
    if n and value is None:
        sentence = f"{measure.mode.capitalize()}: {bounded(n, open_, ordered[-1])} {measure.note}".rstrip()
    else:
        sentence = sentence_of(says, measure, value, unit=heading.unit, of=of)
    return Cell(
        measure.mode,
        value,
        n,
        sentence,
        interval,
        p95,
        thinned(ordered),
        measure.details,
        tuple(measure.cases),
        bounds,
        over_by=shares_over(_lasting(measure)) if open_ else (),
    )


def _lasting(measure: Measure) -> list[tuple[float, bool]]:
    return [(case.value, case.ended) for case in measure.cases]


def _middle(measure: Measure, ordered: Sequence[float]) -> tuple[float | None, Bounds | None]:
    """The median and its interval; where some durations are still open, those of Kaplan and Meier."""
    if not ordered:
        return None, None
    if all(case.ended for case in measure.cases):
        return quantile(ordered, 0.5), median_interval(ordered)
    lasting = _lasting(measure)
    return median_lasting(lasting), median_lasting_interval(lasting)


def shares(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of proportions, compared by those of the environments."""
    found = mode_tests.shares(push.cases, pull.cases, _enough(heading, push, pull))
    verdict = judge(heading, says.word, (push.n, pull.n), found)
    return ComparisonRow(heading, _share_cell(says, push), _share_cell(says, pull), verdict)


def _share_cell(says: Phrases, measure: Measure) -> Cell:
    value = measure.hits / measure.n if measure.n else None
    sentence = sentence_of(says, measure, value, n=f"{measure.n:,}", hits=f"{measure.hits:,}")
    interval = share_interval(measure.hits, measure.n)
    return Cell(measure.mode, value, measure.n, sentence, interval, None, (), measure.details, tuple(measure.cases))


def counts(heading: Heading, says: Phrases, push: Measure, pull: Measure) -> ComparisonRow:
    """A row of numbers read off every environment: means, compared as they stand."""
    cells = _count_cell(heading, says, push), _count_cell(heading, says, pull)
    difference = None
    if cells[0].value is not None and cells[1].value is not None:
        difference = round(round(cells[0].value, 2) - round(cells[1].value, 2), 9)  # that of the figures shown
    verdict = judge(heading, says.word, (cells[0].n, cells[1].n), Contrast(difference))
    return ComparisonRow(heading, *cells, verdict)


def _count_cell(heading: Heading, says: Phrases, measure: Measure) -> Cell:
    n = len(measure.values)
    value = sum(measure.values) / n if n else None
    sentence = sentence_of(says, measure, value, unit=heading.unit, n=f"{n:,}")
    sample = thinned(sorted(measure.values))
    return Cell(measure.mode, value, n, sentence, None, None, sample, measure.details, tuple(measure.cases))


def sentence_of(says: Phrases, measure: Measure, value: float | None, unit: str = "", **words: str) -> str:
    """What a cell says of its figure; None: that there is nothing to say."""
    words |= {"mode": measure.mode, "Mode": measure.mode.capitalize()}
    if value is None:
        return says.nothing.format(**words)
    text = says.found.format(**words, value=amount(value, unit))
    return f"{text} {measure.note}".rstrip()


def judge(heading: Heading, word: str, n: tuple[int, int], found: Contrast, units: str = "") -> Verdict:
    """Who does better, this question for itself. What was found with neither p nor interval is taken as counted in
    full. `units`: what more of would show a difference, "" for environments of each mode."""
    call, finding = _called(heading, word, n, found)
    if call is Call.EVEN or (call is Call.TOO_FEW and finding == found.missing):
        most = PAIRS if units else ENVIRONMENTS
        finding += needed_in_words(found.needed, most[-1], units or "environments of each mode")
    tested = call in (Call.PUSH, Call.PULL, Call.EVEN)
    return Verdict(
        call,
        finding,
        found.difference,
        found.interval if tested else None,
        found.p if tested else None,
        found.p if tested else None,
        found.effect,
        found.environments,
        word,
    )


def _called(heading: Heading, word: str, n: tuple[int, int], found: Contrast) -> tuple[Call, str]:
    if not heading.contest:
        return Call.OPEN, _no_contest(heading, word, found.difference)
    if min(n) < heading.needed or found.difference is None:
        return Call.TOO_FEW, f"Too few to say ({min(n):,} of {heading.needed} needed)"
    if found.missing:
        return Call.TOO_FEW, found.missing
    low, high = found.interval or (found.difference, found.difference)
    if low <= 0 <= high or (found.p is not None and found.p > LEVEL):
        return Call.EVEN, _no_difference(heading.unit, found)
    winner = Call.PUSH if (high < 0) == (heading.better == "lower") else Call.PULL
    return winner, _difference(heading.unit, word, found, winner)


def _difference(unit: str, word: str, found: Contrast, winner: Call) -> str:
    text = f"{gap(abs(found.difference or 0.0), unit)} {word}"
    if found.interval:
        near, far = sorted(map(abs, found.interval))
        text += f" (95 %: {gap(near, unit)} to {gap(far, unit)})"
    if found.effect is not None:
        share = found.effect if winner is Call.PUSH else 1 - found.effect
        text += f", in {percent(share)} of pairs"
    return text


def _no_contest(heading: Heading, word: str, difference: float | None) -> str:
    if not heading.by_design:
        return "Neither way is better"
    if heading.unit == "share":
        return "Should be all, in both modes"
    if not difference:
        return "By design, not a contest"
    side = Mode.PUSH if (difference < 0) == (heading.better == "lower") else Mode.PULL
    return f"By design: {gap(abs(difference), heading.unit)} {word} with {side.value}"


def _no_difference(unit: str, found: Contrast) -> str:
    if found.interval is None or (found.interval[0] == found.interval[1] and not found.moving):
        return "No difference"
    low, high = (gap(end, unit) for end in found.interval)
    told = "No difference beyond what values move by in time" if found.moving else "No difference shown"
    return f"{told} (push minus pull: {low} to {high})"


def pairs(heading: Heading, word: str, measured: Pairs) -> Pairing:
    """Differences within commits that went both ways. `word` as in "push was sooner"."""
    gaps, n = sorted(measured.differences), len(measured.commits)
    first = sum(one < 0 for one in gaps)
    second = sum(one > 0 for one in gaps)
    alone = len(measured.push) == len(measured.pull) == 1
    verdict = judge(heading, word, (n, n), measured.found(), "pairs" if alone else "")
    return Pairing(
        heading,
        n,
        median([push for push, _ in measured.sides]) if n else None,
        median([pull for _, pull in measured.sides]) if n else None,
        first,
        second,
        thinned(gaps),
        verdict,
        paired_sentence(n, (first, second), verdict, word),
        sum(len(one.push) + len(one.pull) for one in measured.commits),
    )


def paired_sentence(n: int, first: tuple[int, int], verdict: Verdict, word: str) -> str:
    """What `n` commits that went both ways say. `first`: how many of them were live sooner by push, and by pull."""
    if not n:
        return "No revision has gone both ways."
    both = f"{plural(n, 'revision')} went both ways: push was {word} with {first[0]:,}, pull with {first[1]:,}"
    if not verdict.winner:
        return f"{both}. {verdict.text}."
    near, far = sorted(map(abs, verdict.interval or (0.0, 0.0)))
    typical = f"{duration(abs(verdict.difference or 0))} (95 %: {duration(near)} to {duration(far)})"
    return f"{both}. The typical difference is {typical}, in favour of {verdict.winner}."
