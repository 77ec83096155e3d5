"""Push against pull, measured from the ledger: evidence in, rows with figures, intervals and verdicts out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.comparison.before_and_after import of_itself
from app.comparison.counted import EvidenceRow, listed_as
from app.comparison.evidence import MODES, Evidence
from app.comparison.family import weighed
from app.comparison.figures.likeness import compared_alike
from app.comparison.figures.raw_rows import RawRow, raw_rows
from app.comparison.figures.same_commits import paired
from app.comparison.figures.stage_medians import days, stages
from app.comparison.measures import MEASURES
from app.comparison.result import (
    Call,
    Cell,
    CellEvidence,
    Comparison,
    ComparisonRow,
    Day,
    Detail,
    Heading,
    Pairing,
    Stages,
    StageTime,
    Verdict,
)
from app.comparison.summary.answer import ComparisonAnswer, answer_of
from app.comparison.window import DEFAULT, WINDOWS, Question, Window, parse_labels, parse_window

__all__ = [
    "DEFAULT",
    "METHOD",
    "MODES",
    "WINDOWS",
    "Call",
    "Cell",
    "CellEvidence",
    "Comparison",
    "ComparisonAnswer",
    "ComparisonRow",
    "Day",
    "Detail",
    "Evidence",
    "EvidenceRow",
    "Heading",
    "Pairing",
    "Question",
    "RawRow",
    "StageTime",
    "Stages",
    "Verdict",
    "Window",
    "answer_of",
    "compare_modes",
    "exported",
    "listed_as",
    "parse_labels",
    "parse_window",
    "rows_of",
]

METHOD = (
    "Every figure comes from this installation's own ledger or from its environments' specifications. Deliveries of "
    "one environment resemble each other, and so do those of one hour: a verdict therefore compares environments (each "
    "by its median or share, five of each mode at least) by Wilcoxon's rank-sum test, and holds only if the difference "
    "also stands out from what the values move by in time. The same commits both ways are compared commit by commit, "
    "by the signed-rank test, where they went to twins or to several environments. The difference is the "
    "Hodges-Lehmann shift, and its interval holds the true value in 95 of 100 cases; all verdicts of a page together "
    "(Holm) name a winner falsely on at most 5 of 100 pages. The interval beside a single figure is of that figure "
    "alone, as if its values were independent. Durations that have not ended count with what is known of them (Kaplan "
    "and Meier)."
)


def rows_of(evidence: Evidence) -> tuple[ComparisonRow, ...]:
    """Every row, with what each of its cells counted."""
    rows = tuple(compared_alike(entry.row(evidence), evidence) for entry in MEASURES)
    return of_itself(rows, evidence.subject) if evidence.subject and evidence.environments else rows


def _without_cases(row: ComparisonRow) -> ComparisonRow:
    push, pull = (replace(cell, cases=(), over=()) for cell in row.cells)
    return replace(row, push=push, pull=pull)


def compare_modes(evidence: Evidence) -> Comparison:
    """Set push against pull, a row per measure."""
    return _compared(evidence, rows_of(evidence))


def exported(evidence: Evidence) -> tuple[Comparison, Iterator[RawRow]]:
    """The comparison, and the raw rows behind it."""
    rows = rows_of(evidence)
    return _compared(evidence, rows), raw_rows(evidence, rows)


def _compared(evidence: Evidence, counted: Sequence[ComparisonRow]) -> Comparison:
    rows, pairings = weighed([_without_cases(row) for row in counted], paired(evidence))
    return Comparison(
        window=evidence.window.name,
        since=evidence.window.since,
        until=evidence.window.until,
        labels=evidence.labels,
        environments={mode: len(evidence.of(mode)) for mode in MODES},
        rows=rows,
        paired=pairings,
        stages=stages(evidence),
        days=days(evidence),
        method=METHOD,
        note=evidence.note,
        subject=evidence.subject,
    )
