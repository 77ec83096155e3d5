"""The comparison page: push against pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from fastapi import Request, Response

from app.comparison import MODES, WINDOWS, Comparison, ComparisonAnswer, Day, answer_of
from app.comparison.export import asked_as
from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.web.pages.comparisons.comparison_rows import ShownGroup, ShownPairing, groups_of, pairings_of
from app.web.pages.experiments.experiment_panel import ExperimentPanel, newest
from app.web.pages.query_parameters import Word, clean, moment
from app.web.rendering import links, render
from app.web.rendering.comparison_image import POLICY, image
from app.web.rendering.plots import Axis
from app.web.rendering.stage_pairs import StagePair, stage_pairs
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.quantities import plural
from app.wording.times import exact

WORDS = {"24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days", "90d": "Last 90 days", "all": "Everything"}
ENOUGH_DAYS = 2
router = page_router()


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """The context of comparison/show.html. `early`: nothing is known yet, and no question has the cases it needs;
    `fixed`: the comparison ends at a moment that the address names; `links`: what may be handed on."""

    comparison: Comparison | None
    answer: ComparisonAnswer | None
    early: bool
    groups: tuple[ShownGroup, ...]
    pairings: tuple[ShownPairing, ...]
    stages: tuple[StagePair, ...]
    stage_axis: Axis | None
    days: tuple[Day, ...]
    chart: Mapping[str, Any]
    window: str
    windows: tuple[tuple[str, str], ...]
    labels: str
    reset: str
    wrong: str
    sides: Mapping[str, str]
    fixed: bool
    links: Mapping[str, str]
    experiment: ExperimentPanel | None


@router.get("/compare", dependencies=[may(Permission.VIEW)])
def compare(
    request: Request,
    queries: Reads,
    who: Who,
    window: Word = "30d",
    labels: Word = "",
    environment: Word = "",
    until: Word = "",
) -> Response:
    """The two modes side by side in a window, among the environments with all of some labels; or one environment
    before and after it was switched. With `until`, as it was at that moment."""
    wrong, found = "", None
    try:
        found = queries.comparison.compare(who, clean(window), clean(labels), clean(environment), moment(until))
    except InvalidInput as problem:
        wrong = "; ".join(f"{field} {text}" for field, text in problem.fields.items())
    asked, answer = (asked_as(found), answer_of(found)) if found else ({}, None)
    stages, on = stage_pairs(found.stages if found else ())
    context = ComparisonPage(
        comparison=found,
        answer=answer,
        early=bool(found and answer and not answer.known and _early(found)),
        groups=groups_of(found, asked) if found else (),
        pairings=pairings_of(found) if found else (),
        stages=stages,
        stage_axis=on,
        days=found.days if found and len(found.days) >= ENOUGH_DAYS else (),
        chart=_chart(found.days if found else ()),
        window=window if window in WINDOWS else "30d",
        windows=tuple((key, words) for key, words in WORDS.items() if key != "30d"),
        labels=labels,
        reset=links.with_query("/compare", {"environment": environment}) if labels or window != "30d" else "",
        wrong=wrong,
        sides=_sides(found),
        fixed=moment(until) is not None,
        experiment=None if clean(labels) or clean(environment) or clean(until) else newest(queries, who),
        links=_links(asked or {"window": window, "labels": labels, "environment": environment}),
    )
    return render.page(request, "comparison/show.html", context, nav="compare", regions=("comparison",))


@router.get("/compare.svg", dependencies=[may(Permission.VIEW)])
def compare_image(
    queries: Reads, who: Who, window: Word = "30d", labels: Word = "", environment: Word = "", until: Word = ""
) -> Response:
    """The answer and its three figures as an image."""
    found = queries.comparison.compare(who, clean(window), clean(labels), clean(environment), moment(until))
    headers = {"Content-Security-Policy": POLICY}
    return Response(image(found, answer_of(found)), media_type="image/svg+xml", headers=headers)


def _links(asked: Mapping[str, str]) -> Mapping[str, str]:
    """The same comparison for good, as an image, and for other programs; and as it is now."""
    return {
        "fixed": links.with_query("/compare", asked),
        "now": links.with_query("/compare", {**asked, "until": ""}),
        "image": links.with_query("/compare.svg", asked),
        **{form: links.with_query("/api/v1/comparison/export", {**asked, "format": form}) for form in ("csv", "json")},
        **{form: links.with_query("/api/v1/comparison/report", {**asked, "format": form}) for form in ("html", "md")},
    }


def _early(found: Comparison) -> bool:
    """Whether no question has as many cases as it needs."""
    return not any(row.heading.contest and min(row.push.n, row.pull.n) >= row.heading.needed for row in found.rows)


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
