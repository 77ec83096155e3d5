"""What if: what the other mode would have given this environment, with a slider for the poll's interval."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.comparison import WINDOWS
from app.comparison.outlook.what_if import MAX_S, OutlookFigure, WhatIf
from app.domain.permissions import Permission
from app.web.pages.comparisons.comparison_page import WORDS
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.query_parameters import Word
from app.web.rendering import links
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.quantities import amount, number
from app.wording.times import duration, every

STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)  # of the slider
router = page_router()


@dataclass(frozen=True, slots=True)
class OutlookCell:
    """A figure in words, "" where it is not known; `note` says how it comes about, or why it is not known."""

    figure: str
    note: str


@dataclass(frozen=True, slots=True)
class OutlookRow:
    """A figure of each way, in the order of the ways."""

    key: str
    title: str
    cells: tuple[OutlookCell, ...]


@dataclass(frozen=True, slots=True)
class WhatIfView(Top):
    """The context of environments/what_if.html. `step`: the slider's place on `steps_s`, nearest to the interval."""

    found: WhatIf
    rows: tuple[OutlookRow, ...]
    interval: str
    pipeline: str
    errors: dict[str, str]
    steps_s: tuple[int, ...]
    step: int
    step_words: str
    window: str
    windows: tuple[tuple[str, str], ...]
    reset: str


@router.get("/environments/{name}/what-if", dependencies=[may(Permission.VIEW)])
def what_if(
    request: Request,
    queries: Reads,
    who: Who,
    name: str,
    interval_s: Word = "",
    pipeline_s: Word = "",
    window: Word = "",
) -> Response:
    """What was measured beside what would have been."""
    above = top(queries, who, name, "what-if")
    (interval, wrong), (pipeline, odd) = _seconds(interval_s, 1), _seconds(pipeline_s, 0)
    chosen = window if window in WINDOWS else "30d"
    found = queries.outlook.what_if(who, name, interval, pipeline, chosen)
    step = min(range(len(STEPS_S)), key=lambda place: abs(STEPS_S[place] - found.interval_s))
    context = WhatIfView(
        above.head,
        above.notices,
        found=found,
        rows=_rows(found),
        interval=f"{found.interval_s:g}" if not wrong else interval_s,
        pipeline=pipeline_s,
        errors={key: text for key, text in (("interval_s", wrong), ("pipeline_s", odd)) if text},
        steps_s=STEPS_S,
        step=step,
        step_words=every(found.interval_s),
        window=chosen,
        windows=tuple(WORDS.items()),
        reset=links.environment(name, "what-if") if interval_s or pipeline_s or chosen != "30d" else "",
    )
    return show(request, "environments/what_if.html", context, ("what_if",))


def _seconds(text: str, least: float) -> tuple[float | None, str]:
    """A number of seconds (None where none was written), and what is wrong with it."""
    if not text.strip():
        return None, ""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if least <= value <= MAX_S:
        return value, ""
    return None, f"must be a number of seconds from {least:g} to {MAX_S:,}"


def _rows(found: WhatIf) -> tuple[OutlookRow, ...]:
    across = zip(*(way.figures for way in found.ways), strict=True)
    return tuple(OutlookRow(of[0].key, of[0].title, tuple(_cell(one) for one in of)) for of in across)


def _cell(one: OutlookFigure) -> OutlookCell:
    if one.value is None:
        return OutlookCell("", one.text)
    if one.unit == "s":
        return OutlookCell(duration(one.value), one.text)
    return OutlookCell(amount(one.value, "share") if one.unit == "share" else f"{number(one.value)} a day", one.text)
