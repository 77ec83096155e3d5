"""What is behind one figure of the comparison: all that it counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request, Response

from app.comparison import CellEvidence, EvidenceRow, Question
from app.domain.permissions import Permission
from app.web.pages.query_parameters import After, Word, clean, moment, number
from app.web.rendering import links, render
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.quantities import amount

ROWS = 100
THINGS = {"operation": "Operation", "episode": "Drift", "commit": "Commit", "environment": "Environment"}
router = page_router()


@dataclass(frozen=True, slots=True)
class CountedLine:
    """A counted thing for display: where it is shown, and its value in words."""

    row: EvidenceRow
    thing: str
    href: str
    value: str


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """The context of comparison/evidence.html."""

    found: CellEvidence
    lines: tuple[CountedLine, ...]
    counts: str
    back: str
    first: str
    next: str


@router.get("/compare/evidence/{measure}/{mode}", dependencies=[may(Permission.VIEW)])
def evidence(
    request: Request,
    measure: str,
    mode: str,
    queries: Reads,
    who: Who,
    window: Word = "",
    labels: Word = "",
    environment: Word = "",
    until: Word = "",
    after: After = "",
) -> Response:
    """What one cell of the comparison counted, newest first."""
    query = {"window": clean(window), "labels": clean(labels), "environment": clean(environment)}
    found = queries.comparison.behind(who, Question(**query, until=moment(until)), measure, mode)
    start, asked = number(after) or 0, {**query, "until": until}
    more = start + ROWS < len(found.rows)
    here = f"/compare/evidence/{measure}/{mode}"
    context = EvidencePage(
        found=found,
        lines=tuple(_line(row, found) for row in found.rows[start : start + ROWS]),
        counts=_counts(found),
        back=f"{links.with_query('/compare', query)}#about-{measure}",
        first=links.with_query(here, asked) if start else "",
        next=links.with_query(here, {**asked, "after": start + ROWS}) if more else "",
    )
    return render.page(request, "comparison/evidence.html", context, nav="compare", regions=())


def address(measure: str, mode: str, asked: Mapping[str, str]) -> str:
    """The page of a cell's evidence."""
    return links.with_query(f"/compare/evidence/{measure}/{mode}", asked)


def _line(row: EvidenceRow, found: CellEvidence) -> CountedLine:
    if found.heading.unit == "share":
        value = "yes" if row.value else "no"
    else:
        value = amount(row.value, found.heading.unit) if found.heading.unit else ""
    return CountedLine(row, THINGS[row.kind], _shown_at(row), value)


def _shown_at(row: EvidenceRow) -> str:
    """Where a counted thing is shown: its own page, or the environment that it lies in."""
    if row.kind == "episode":
        return links.episode(int(row.id))
    if row.operations:
        return f"/operations/{row.operations[0]}"
    return links.environment(row.environment) if row.environment else ""


def _counts(found: CellEvidence) -> str:
    """The heading over what each row contributes."""
    return {"share": "In the figure", "": "", "s": "Took", "a day": "", "polls": ""}.get(
        found.heading.unit, found.heading.unit.capitalize()
    )
