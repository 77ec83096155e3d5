"""The answer to "push or pull?" in a sentence, with the three figures that carry it and what is not known yet.

It says nothing that a verdict does not hold: a mode is named where one of the comparison's verdicts names it, and each
part says on how many cases it stands. Where the same commits went both ways, that tells more than anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.comparison.mode_tests import ENVIRONMENTS
from app.comparison.result import Call, Comparison, ComparisonRow, Heading, Pairing, Verdict
from app.wording.quantities import gap, listed, number, plural


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the three things that the answer is about. `keys`: rows and pairings that tell it, the safest first;
    `better`: what the better mode does, with {gap}; `about`: the thing, as in "nothing is known about …"."""

    title: str
    keys: tuple[str, ...]
    better: str
    about: str


TOPICS = (
    Topic(
        "Commit to live",
        ("paired_lead_time", "lead_time"),
        "has a commit live {gap} sooner",
        "how soon a commit is live",
    ),
    Topic("Drift until mended", ("time_in_drift",), "has drift mended {gap} sooner", "how long drift lasts"),
    Topic("Rollback", ("time_to_restore",), "has a rollback live {gap} sooner", "how soon a rollback is live"),
)


@dataclass(frozen=True, slots=True)
class AnswerFigure:
    """A figure that carries the answer. `values`, `n`: by mode, a median in seconds (None: not known) and what it was
    measured on; `pairs`: whether both are about the same commits."""

    title: str
    heading: Heading
    values: Mapping[str, float | None]
    n: Mapping[str, int]
    verdict: Verdict
    brief: str
    pairs: bool

    @property
    def said(self) -> str:
        """The verdict in a few words, behind the winner if there is one."""
        return f"{self.verdict.winner} {self.brief}".lstrip()

    @property
    def n_in_words(self) -> str:
        """ "n 120 and 96", push first, or "30 pairs"."""
        push, pull = self.n.values()
        return plural(push, "pair") if self.pairs else f"n {number(push)} and {number(pull)}"


@dataclass(frozen=True, slots=True)
class Lack:
    """Why some questions have no verdict. `titles`: {key: title} of their rows."""

    titles: Mapping[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class ComparisonAnswer:
    """`known`: whether any verdict carries the sentence; `unknown`: what is not known yet, and what it lacks."""

    sentence: str
    figures: tuple[AnswerFigure, ...]
    unknown: tuple[Lack, ...]
    known: bool


def answer_of(found: Comparison) -> ComparisonAnswer:
    """What a comparison says in all."""
    alone = found.subject is not None
    chosen = [(topic, _figure(topic, found, alone)) for topic in TOPICS]
    figures = tuple(figure for _, figure in chosen)
    known = any(figure.verdict.tested for figure in figures)
    if found.subject and not found.subject.switches:
        sentence = found.subject.sentence
    else:
        sentence = _sentence(chosen) if known else _nothing(chosen)
    return ComparisonAnswer(sentence, figures, _unknown(found, alone), known)


# --- figures ---
def _figure(topic: Topic, found: Comparison, alone: bool) -> AnswerFigure:
    rows = {row.heading.key: row for row in found.rows}
    pairings = {pairing.heading.key: pairing for pairing in found.paired}
    told = [_told(topic, rows.get(key) or pairings.get(key), alone) for key in topic.keys]
    candidates = [one for one in told if one]
    tested = [one for one in candidates if one.verdict.tested]
    return (tested or candidates[-1:])[0]


def _told(topic: Topic, source: ComparisonRow | Pairing | None, alone: bool) -> AnswerFigure | None:
    if source is None:
        return None
    if isinstance(source, Pairing):
        values, n = {"push": source.push, "pull": source.pull}, {"push": source.n, "pull": source.n}
    else:
        values = {cell.mode: cell.value for cell in source.cells}
        n = {cell.mode: cell.n for cell in source.cells}
    pairs = isinstance(source, Pairing)
    brief = in_brief(source.heading, source.verdict, (n["push"], n["pull"]), pairs=pairs, alone=alone)
    return AnswerFigure(topic.title, source.heading, values, n, source.verdict, brief, pairs)


def in_brief(
    heading: Heading, verdict: Verdict, n: tuple[int, int], *, pairs: bool = False, alone: bool = False
) -> str:
    """A verdict in a few words, without the winner: "12 s sooner", "no difference shown", "too few: 3 of 20 cases".
    `pairs`: the same commits both ways; `alone`: an environment against itself."""
    if verdict.winner:
        return f"{gap(abs(verdict.difference or 0.0), heading.unit)} {verdict.word}".rstrip()
    if verdict.call is Call.EVEN:
        return "no difference shown"
    if verdict.call is Call.OPEN:
        return verdict.finding[:1].lower() + verdict.finding[1:]
    if min(n) < heading.needed:
        return f"too few: {min(n):,} of {heading.needed} {'pairs' if pairs else 'cases'}"
    counts = verdict.environments or {}
    fewest = min(counts.values(), default=ENVIRONMENTS)
    if not (pairs or alone) and fewest < ENVIRONMENTS:
        return f"too few: {fewest} of {ENVIRONMENTS} environments"
    return "too few to say"


# --- the sentence ---
def _sentence(chosen: Sequence[tuple[Topic, AnswerFigure]]) -> str:
    won = [_won(topic, figure) for topic, figure in chosen if figure.verdict.winner]
    even = [(topic, figure) for topic, figure in chosen if figure.verdict.call is Call.EVEN]
    rest = [(topic, figure) for topic, figure in chosen if not figure.verdict.tested]
    parts = [*won]
    if even:
        parts.append(f"for {_about(even)} no difference is shown ({_counts(even)})")
    if rest:
        parts.append(f"nothing can be said yet about {_about(rest)} ({_counts(rest)})")
    return _told_as_sentence("; ".join(parts))


def _won(topic: Topic, figure: AnswerFigure) -> str:
    verdict = figure.verdict
    told = topic.better.format(gap=gap(abs(verdict.difference or 0.0), figure.heading.unit))
    return f"{verdict.winner} {told} ({figure.n_in_words})"


def _about(parts: Iterable[tuple[Topic, AnswerFigure]]) -> str:
    return listed(topic.about for topic, _ in parts)


def _counts(parts: Iterable[tuple[Topic, AnswerFigure]]) -> str:
    return "; ".join(figure.n_in_words for _, figure in parts)


def _nothing(chosen: Sequence[tuple[Topic, AnswerFigure]]) -> str:
    if not any(sum(figure.n.values()) for _, figure in chosen):
        none = chosen[0][1].n_in_words
        return f"Whether push or pull serves you better is not known yet; nothing was measured so far ({none})."
    cases = ", ".join(f"{topic.about}: {figure.n_in_words}" for topic, figure in chosen)
    return f"Whether push or pull serves you better is not known yet; too little was measured ({cases})."


def _told_as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


# --- what is not known ---
def _unknown(found: Comparison, alone: bool) -> tuple[Lack, ...]:
    """Questions that could have a verdict and have none, those with the same lack together."""
    open_ = [row for row in found.rows if row.verdict.call is Call.TOO_FEW]
    lacks = [(_reason(row, alone), row) for row in open_]
    order = list(dict.fromkeys(reason for reason, _ in lacks))
    lacks.sort(key=lambda one: order.index(one[0]))
    return tuple(
        Lack({row.heading.key: row.heading.title for _, row in rows}, reason)
        for reason, rows in groupby(lacks, key=lambda one: one[0])
    )


def _reason(row: ComparisonRow, alone: bool) -> str:
    push, pull = row.push.n, row.pull.n
    if not (push or pull):
        return "Nothing of this has happened yet"
    if not (push and pull) and not alone:
        return f"Nothing of this has happened by {'pull' if push else 'push'} yet"
    if min(push, pull) < row.heading.needed:
        return f"Too few cases; {row.heading.needed} of each mode are needed"
    return row.verdict.finding
