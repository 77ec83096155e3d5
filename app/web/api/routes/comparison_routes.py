"""Push against pull."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response
from fastapi.responses import StreamingResponse

from app.comparison import MODES, Comparison, Question
from app.comparison.export import as_dict, asked_as, csv_lines, evidence_as_dict, json_parts, row_lines
from app.comparison.summary.comparison_report import report_of_comparison
from app.comparison.summary.report import markdown
from app.domain.permissions import Permission
from app.web.api.cursors import number
from app.web.api.fields import AfterNumber, Labels, Limit, Moment, OneName
from app.web.api.openapi import problems
from app.web.api.response_models import Evidence, reply
from app.web.rendering import links
from app.web.rendering.report_document import document
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import api_router

router = api_router("comparison")
Measure = Annotated[str, Path(pattern="^[a-z_]{1,40}$", description="Key of a row.", examples=["lead_time"])]
WindowEnd = Annotated[
    Moment | None,
    Query(description="Where the window ends (default now): a comparison's `until` has it answered alike."),
]
Window = Annotated[Literal["24h", "7d", "30d", "90d", "all"], Query(description="How far back.")]


@router.get("/comparison", response_model=dict[str, Any], responses=problems(404), dependencies=[may(Permission.VIEW)])
def compare(
    queries: Reads, who: Who, window: Window = "30d", labels: Labels = "", environment: OneName = ""
) -> Response:
    """The table, with sample sizes, intervals and verdicts.

    A verdict has `call` ("push", "pull", "even", "too_few", "open"), `text`, `difference` (push minus pull in the row's
    unit) with `interval` [low, high] (95 %), `p` of this question alone, `p_adjusted` among all of the page (Holm),
    `effect` (the share of pairs of a push and a pull value in which push has the lower one) and `environments`
    ({"push": n, "pull": n}: how many it comes from); null where it was not tested. A cell's `p95_interval` has null for
    an upper end below 72 values; its `value` is null where most durations have not ended.
    """
    return reply(_told(queries.comparison.compare(who, window, labels, environment)))


def _told(found: Comparison) -> dict[str, Any]:
    """A comparison in which each cell names the address of its evidence."""
    told, asked = as_dict(found), asked_as(found)
    for row in told["rows"]:
        for mode in MODES:
            row["defined_at"] = f"/compare/measures#{row['key']}"
            row[mode]["evidence"] = links.with_query(f"/api/v1/comparison/evidence/{row['key']}/{mode}", asked)
    return told


@router.get(
    "/comparison/evidence/{measure}/{mode}",
    response_model=Evidence,
    responses=problems(404),
    dependencies=[may(Permission.VIEW)],
)
def evidence(
    measure: Measure,
    mode: Literal["push", "pull"],
    queries: Reads,
    who: Who,
    window: Window = "30d",
    labels: Labels = "",
    environment: OneName = "",
    until: WindowEnd = None,
    limit: Limit = 100,
    after: AfterNumber = "",
) -> Response:
    """All that one cell of the comparison counted, newest first: `n` items."""
    found = queries.comparison.behind(who, Question(window, labels, environment, until), measure, mode)
    start = number(after) or 0
    more = str(start + limit) if start + limit < len(found.rows) else None
    return reply({**evidence_as_dict(found, found.rows[start : start + limit]), "next": more})


@router.get(
    "/comparison/export",
    response_class=StreamingResponse,
    responses={**problems(404), 200: {"content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {}}}},
    dependencies=[may(Permission.VIEW)],
)
def export(
    queries: Reads,
    who: Who,
    window: Window = "30d",
    labels: Labels = "",
    environment: OneName = "",
    until: WindowEnd = None,
    format: Literal["json", "csv"] = "json",
    of: Annotated[Literal["figures", "rows"], Query(description="What a CSV file holds; JSON holds both.")] = "figures",
) -> StreamingResponse:
    """The figures and the raw rows that they are computed from, as a file."""
    found, rows = queries.comparison.exported(who, window, labels, environment, until)
    headers = {"Content-Disposition": f'attachment; filename="pushpull-comparison.{format}"'}
    if format == "csv":
        lines = row_lines(rows) if of == "rows" else csv_lines(found)
        return StreamingResponse(lines, media_type="text/csv", headers=headers)
    return StreamingResponse(json_parts(_told(found), rows), media_type="application/json", headers=headers)


REPORTS = {"html": "text/html", "md": "text/markdown"}


@router.get(
    "/comparison/report",
    response_class=Response,
    responses={
        **problems(404),
        200: {"content": {media: {"schema": {"type": "string"}} for media in REPORTS.values()}},
    },
    dependencies=[may(Permission.VIEW)],
)
def report_comparison(
    queries: Reads,
    who: Who,
    window: Window = "30d",
    labels: Labels = "",
    environment: OneName = "",
    until: WindowEnd = None,
    format: Literal["html", "md"] = "html",
) -> Response:
    """The answer, its figures and every verdict as one file that needs nothing else: it holds no address, no secret and
    no path."""
    made = report_of_comparison(queries.comparison.compare(who, window, labels, environment, until))
    text = {"html": document, "md": markdown}[format](made)
    headers = {"Content-Disposition": f'attachment; filename="pushpull-comparison.{format}"'}
    return Response(text, media_type=REPORTS[format], headers=headers)
