"""The comparison page: push against pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from fastapi import Request, Response

from app.comparison import MODES, WINDOWS, Cell, Comparison, ComparisonRow, Day
from app.comparison.export import asked_as
from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.web.pages.comparisons import evidence_page
from app.web.pages.query_parameters import Word, clean
from app.web.rendering import links, render
from app.web.rendering.plots import Axis, RoadStep, axis, medians
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.quantities import figure_and_unit, plural
from app.wording.times import duration, exact

WORDS = {"24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days", "90d": "Last 90 days", "all": "Everything"}
ENOUGH_DAYS = 2
router = page_router()


@dataclass(frozen=True, slots=True)
class ComparisonSide:
    """One mode's cell, in the form of the template's macro."""

    figure: str
    unit: str
    n: int | None
    note: str
    values: tuple[float, ...]
    behind: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row: two sides on a shared axis, the verdict between them, and the meaning of the figure."""

    key: str
    title: str
    question: str
    definition: str
    push: ComparisonSide
    pull: ComparisonSide
    verdict: str
    better: str
    on: Axis | None
    push_text: str
    pull_text: str


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """The context of comparison/show.html."""

    comparison: Comparison | None
    criteria: tuple[Criterion, ...]
    lanes: tuple[tuple[str, tuple[RoadStep, ...], str], ...]
    lane_axis: Axis | None
    days: tuple[Day, ...]
    chart: Mapping[str, Any]
    window: str
    windows: tuple[tuple[str, str], ...]
    labels: str
    reset: str
    wrong: str
    sides: Mapping[str, str]
    export: Mapping[str, str]


@router.get("/compare", dependencies=[may(Permission.VIEW)])
def compare(
    request: Request,
    queries: Reads,
    who: Who,
    window: Word = "30d",
    labels: Word = "",
    environment: Word = "",
) -> Response:
    """The two modes side by side in a window, among the environments with all of some labels; or one environment
    before and after it was switched."""
    wrong, found = "", None
    try:
        found = queries.comparison.compare(who, clean(window), clean(labels), clean(environment))
    except InvalidInput as problem:
        wrong = "; ".join(f"{field} {text}" for field, text in problem.fields.items())
    lanes, on = _lanes(found)
    query = {"window": window, "labels": labels, "environment": environment}
    context = ComparisonPage(
        comparison=found,
        criteria=tuple(_criterion(row, asked_as(found)) for row in found.rows) if found else (),
        lanes=lanes,
        lane_axis=on,
        days=found.days if found and len(found.days) >= ENOUGH_DAYS else (),
        chart=_chart(found.days if found else ()),
        window=window if window in WINDOWS else "30d",
        windows=tuple((key, words) for key, words in WORDS.items() if key != "30d"),
        labels=labels,
        reset=links.with_query("/compare", {"environment": environment}) if labels or window != "30d" else "",
        wrong=wrong,
        sides=_sides(found),
        export={
            form: links.with_query("/api/v1/comparison/export", {**query, "format": form}) for form in ("csv", "json")
        },
    )
    return render.page(request, "comparison/show.html", context, nav="compare", regions=("comparison",))


def _chart(days: Sequence[Day]) -> Mapping[str, Any]:
    """Lead time by day, a point for every day between the first and the last, as the macro `chart` wants it."""
    if not days:
        return {}
    known = {one.day: one for one in days}
    span = [days[0].day + timedelta(days=number) for number in range((days[-1].day - days[0].day).days + 1)]
    leads = [known[day].lead if day in known else {} for day in span]
    return {
        "x": [int(datetime.combine(day, time.min, UTC).timestamp()) for day in span],
        "unit": "s",
        "series": [
            {"label": mode.capitalize(), "mode": mode, "values": [_rounded(lead.get(mode)) for lead in leads]}
            for mode in MODES
        ],
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _sides(found: Comparison | None) -> Mapping[str, str]:
    counts = found.environments if found else {}
    if found and found.subject and found.subject.switches:
        last = found.subject.switches[-1]
        return {last.before: f"until {exact(last.at)}", last.after: f"since {exact(last.at)}"}
    if found and found.subject:
        return {mode: "not yet" if not counts.get(mode) else "until now" for mode in ("push", "pull")}
    return {mode: plural(counts.get(mode, 0), "environment") for mode in ("push", "pull")}


def _criterion(row: ComparisonRow, asked: Mapping[str, str]) -> Criterion:
    heading, samples = row.heading, (*row.push.sample, *row.pull.sample)
    drawn = heading.unit == "s" and len(samples) > 1
    return Criterion(
        key=heading.key,
        title=heading.title,
        question=heading.question,
        definition=heading.definition,
        push=_side(row, row.push, asked),
        pull=_side(row, row.pull, asked),
        verdict=row.verdict.finding,
        better=row.verdict.winner,
        on=axis(samples) if drawn else None,
        push_text=row.push.sentence,
        pull_text=row.pull.sentence,
    )


def _side(row: ComparisonRow, cell: Cell, asked: Mapping[str, str]) -> ComparisonSide:
    unit = row.heading.unit
    behind = evidence_page.address(row.heading.key, cell.mode, asked) if cell.n else ""
    if cell.value is None:
        open_ = unit == "s" and cell.n > 0  # most durations are not over yet
        sample = cell.sample if open_ else ()
        return ComparisonSide("open" if open_ else "", "", cell.n if open_ else None, cell.sentence, sample, behind)
    figure, counted = figure_and_unit(cell.value, unit)
    words = {"s": "median", "share": "", "": ""}.get(unit, f"{counted} per environment")
    note = f"p95 {duration(cell.p95)}" if cell.p95 is not None and unit == "s" else cell.sentence
    return ComparisonSide(figure if unit else "", words, cell.n, note, cell.sample if unit == "s" else (), behind)


def _lanes(found: Comparison | None) -> tuple[tuple[tuple[str, tuple[RoadStep, ...], str], ...], Axis | None]:
    """Both modes' median deliveries on one axis."""
    shown = [stages for stages in found.stages if stages.stages] if found else []
    if not shown:
        return (), None
    on = axis([stages.stages[-1].at for stages in shown])
    lanes = [
        (stages.mode, medians([(one.name, one.took) for one in stages.stages], on.high), stages.sentence)
        for stages in shown
    ]
    return tuple(lanes), on
