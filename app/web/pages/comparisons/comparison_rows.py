"""The rows of the comparison's page: one line each, and what opens below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.comparison import Call, Cell, Comparison, ComparisonRow, Detail, Pairing
from app.comparison.summary.answer import in_brief
from app.comparison.summary.groups import CriterionGroup, grouped
from app.web.pages.comparisons import evidence_page
from app.web.rendering.curves import Curves, QuantileRow, curves_of, quantile_table
from app.wording.figures import chance_in_words, effect_in_words
from app.wording.quantities import amount, figure_and_unit
from app.wording.times import duration

DETAILS = 6


@dataclass(frozen=True, slots=True)
class ShownSide:
    """One mode's cell. `behind`: the address of what it counted, "" where it counted nothing."""

    mode: str
    figure: str
    unit: str
    n: int
    interval: str
    sentence: str
    details: tuple[Detail, ...]
    behind: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One question. `brief`: the verdict in a few words, `finding`: in full, both without the winner; `odds`: what
    chance and the size of the effect have to say; `unlike`: in what the sides differ besides the mode."""

    key: str
    title: str
    question: str
    definition: str
    push: ShownSide
    pull: ShownSide
    winner: str
    brief: str
    finding: str
    odds: tuple[str, ...]
    curves: Curves | None
    quantiles: tuple[QuantileRow, ...]
    unlike: str

    @property
    def sides(self) -> tuple[ShownSide, ShownSide]:
        """Push, then pull."""
        return self.push, self.pull


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A criterion. `counts`: (winner or "", words) of its verdicts; `unmeasured`: titles of the rows that have nothing
    to show."""

    key: str
    title: str
    question: str
    counts: tuple[tuple[str, str], ...]
    rows: tuple[ShownRow, ...]
    unmeasured: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPairing:
    """The same commits both ways. `parts`: (mode or "", how many, share of all in percent, from where)."""

    key: str
    title: str
    definition: str
    sentence: str
    n: int
    push: str
    pull: str
    winner: str
    brief: str
    odds: tuple[str, ...]
    parts: tuple[tuple[str, int, float, float], ...]


def groups_of(found: Comparison, asked: Mapping[str, str]) -> tuple[ShownGroup, ...]:
    """All rows in their groups; `asked`: the question as query parameters."""
    return tuple(_group(group, asked, found.subject is not None) for group in grouped(found.rows))


def _group(group: CriterionGroup, asked: Mapping[str, str], alone: bool) -> ShownGroup:
    return ShownGroup(
        group.key,
        group.title,
        group.question,
        tuple(_counts(group)),
        tuple(row_of(row, asked, alone) for row in group.measured),
        tuple(row.heading.title for row in group.unmeasured),
    )


def _counts(group: CriterionGroup) -> Iterable[tuple[str, str]]:
    of = {call: len(group.called(call)) for call in Call}
    for call, words in (
        (Call.PUSH, "push better in {}"),
        (Call.PULL, "pull better in {}"),
        (Call.EVEN, "no difference shown in {}"),
        (Call.TOO_FEW, "too few to say in {}"),
        (Call.OPEN, "no contest in {}"),
    ):
        if of[call]:
            yield (call.value if call in (Call.PUSH, Call.PULL) else ""), words.format(of[call])
    if group.unmeasured:
        yield "", f"not measured yet: {len(group.unmeasured)}"


def row_of(row: ComparisonRow, asked: Mapping[str, str], alone: bool = False) -> ShownRow:
    """A row for display."""
    heading, verdict, curves = row.heading, row.verdict, curves_of(row)
    return ShownRow(
        key=heading.key,
        title=heading.title,
        question=heading.question,
        definition=heading.definition,
        push=_side(row, row.push, asked),
        pull=_side(row, row.pull, asked),
        winner=verdict.winner,
        brief=in_brief(heading, verdict, (row.push.n, row.pull.n), alone=alone),
        finding=verdict.finding,
        odds=_odds(row),
        curves=curves,
        quantiles=quantile_table(row) if curves else (),
        unlike=row.unlike,
    )


def _odds(row: ComparisonRow | Pairing) -> tuple[str, ...]:
    verdict = row.verdict
    if verdict.p is None:
        return ()
    told = [chance_in_words(verdict.p, verdict.p_adjusted)]
    if verdict.effect is not None and row.heading.unit == "s":
        told.append(effect_in_words(verdict.effect, verdict.word))
    return tuple(told)


def _side(row: ComparisonRow, cell: Cell, asked: Mapping[str, str]) -> ShownSide:
    unit = row.heading.unit
    figure, counted = figure_and_unit(cell.value, unit) if cell.value is not None and unit else ("", "")
    if cell.value is None and unit == "s" and cell.n:
        figure = "open"  # most durations are not over yet
    words = "" if unit in ("s", "share", "") else counted
    behind = evidence_page.address(row.heading.key, cell.mode, asked) if cell.n else ""
    return ShownSide(
        cell.mode, figure, words, cell.n, _interval(cell, unit), cell.sentence, cell.details[:DETAILS], behind
    )


def _interval(cell: Cell, unit: str) -> str:
    """The interval of a share or a rate, whose row has no table of quantiles."""
    if cell.interval is None or unit not in ("share", "a day"):
        return ""
    low, high = (amount(end or 0.0, unit) for end in cell.interval)
    return f"95 %: {low} to {high}"


# --- the same commits both ways ---
def pairings_of(found: Comparison) -> tuple[ShownPairing, ...]:
    """The paired comparisons that have a pair."""
    return tuple(_pairing(pairing) for pairing in found.paired if pairing.n)


def _pairing(pairing: Pairing) -> ShownPairing:
    brief = in_brief(pairing.heading, pairing.verdict, (pairing.n, pairing.n), pairs=True)
    return ShownPairing(
        key=pairing.heading.key,
        title=pairing.heading.title,
        definition=pairing.heading.definition,
        sentence=pairing.sentence,
        n=pairing.n,
        push=duration(pairing.push),
        pull=duration(pairing.pull),
        winner=pairing.verdict.winner,
        brief=brief,
        odds=_odds(pairing),
        parts=_parts(pairing),
    )


def _parts(pairing: Pairing) -> tuple[tuple[str, int, float, float], ...]:
    counts = {"push": pairing.push_first, "": pairing.n - pairing.push_first - pairing.pull_first}
    counts["pull"], at, found = pairing.pull_first, 0.0, []
    for mode, count in counts.items():
        share = round(100 * count / pairing.n, 2)
        found.append((mode, count, share, round(at, 2)))
        at += share
    return tuple(found)
