"""The raw rows behind a comparison, from which each of its figures can be computed again by others.

A row has a `section`:

"counted"   one thing that a cell counted
"observed"  what a rate is over or of: `value` days of an environment, or polls of a repository (its `id`)
"paired"    one delivery of a revision that went both ways
"stage"     one stage of a delivery that passed every stage, from its beginning to its end; `value`: seconds from the
            commit to that end
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from app.comparison.counted import EvidenceRow, listed_as
from app.comparison.evidence import MODES, Evidence
from app.comparison.figures.same_commits import paired_cases
from app.comparison.figures.stage_medians import stage_ends
from app.comparison.result import ComparisonRow
from app.domain.operation import StageName


@dataclass(frozen=True, slots=True)
class RawRow:
    """`key`: a measure's, or a stage's name; `of`: the thing, with its value, and the moments between which a duration
    lies."""

    section: str
    key: str
    mode: str
    of: EvidenceRow


def raw_rows(evidence: Evidence, rows: Iterable[ComparisonRow]) -> Iterator[RawRow]:
    """All rows behind a comparison; `rows` have their cases."""
    for row in rows:
        for cell in row.cells:
            yield from (RawRow("counted", row.heading.key, cell.mode, listed_as(case)) for case in cell.cases)
            for one in cell.over:
                of = EvidenceRow(
                    "observed", one.place, one.place, "", one.until, one.amount, since=one.since, until=one.until
                )
                yield RawRow("observed", row.heading.key, cell.mode, of)
    for heading, mode, case in paired_cases(evidence):
        yield RawRow("paired", heading.key, mode, listed_as(case))
    for mode in MODES:
        for delivered, ends in stage_ends(evidence, mode):
            for name, (since, until) in zip(StageName, pairwise([ends[0], *ends]), strict=True):
                at = (until - ends[0]).total_seconds()
                yield RawRow("stage", name.value, mode, _stage(delivered.fact.operation, since, until, at))


def _stage(operation: str, since: datetime, until: datetime, at: float) -> EvidenceRow:
    return EvidenceRow("operation", operation, "", "", until, at, (operation,), since=since, until=until)
