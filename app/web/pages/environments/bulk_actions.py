"""Acts on many environments at once, chosen on the overview. Each is judged alone: what was in the way of one is said
of that one, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastapi import Response

from app.domain.errors import Problem
from app.domain.operation import OperationKind, Request, Trigger
from app.domain.permissions import Permission
from app.web.pages.form_fields import Line, Many, line
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.quantities import agree, plural
from app.wording.short_names import actor

MOST = 200
router = page_router()


@dataclass(frozen=True, slots=True)
class BulkPage:
    """The context of overview/bulk.html. `refused`: (environment, why not)."""

    title: str
    lede: str
    done: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    back: str


@router.post("/bulk/refreshes", dependencies=[may(Permission.REFRESH)])
def refresh_chosen(visit: Visiting, by: By, name: Many = [], back: Line = "/") -> Response:  # noqa: B006 - a new one
    """Compare each with Git now."""

    def ask(one: str) -> str:
        visit.use_cases.queue.ask(one, Request(OperationKind.REFRESH, Trigger.MANUAL, str(by)), by)
        return ""

    return _answer(visit, "Refreshing", _each(name, ask), back, "busy")


@router.post("/bulk/hold", dependencies=[may(Permission.HOLD)])
def hold_chosen(
    visit: Visiting,
    by: By,
    name: Many = [],  # noqa: B006 - a new one
    reason: Line = "",
    back: Line = "/",
) -> Response:
    """Stop the automation of each. A hold that stands stays as it is: its reason is somebody's."""

    def hold(one: str) -> str:
        held = visit.queries.environments.get(visit.who, one).hold
        if held:
            return f"It is held by {actor(held.owner)} already ({held.reason or 'without a reason'}); that stays."
        visit.use_cases.holds.hold(one, line(reason), None, by)
        return ""

    return _answer(visit, "Holding", _each(name, hold), back, "none")


@router.post("/bulk/resume", dependencies=[may(Permission.RESUME)])
def resume_chosen(visit: Visiting, by: By, name: Many = [], back: Line = "/") -> Response:  # noqa: B006 - a new one
    """End the hold of each."""

    def resume(one: str) -> str:
        if visit.queries.environments.get(visit.who, one).hold is None:
            return "It is not held."
        visit.use_cases.holds.resume(one, by)
        return ""

    return _answer(visit, "Resuming", _each(name, resume), back, "ok")


def _each(names: Iterable[str], act: Callable[[str], str]) -> dict[str, str]:
    """{name: why not, "" where it was done}, in the order of the names."""
    told: dict[str, str] = {}
    for name in list(dict.fromkeys(names))[:MOST]:
        try:
            told[name] = act(name)
        except Problem as problem:
            told[name] = problem.detail
    return told


def _answer(visit: Visit, deed: str, told: dict[str, str], back: str, tone: str) -> Response:
    """Back to where one came from if all went well, otherwise a page that says of each what was in the way."""
    back = links.inside(back)
    done = tuple(name for name, why in told.items() if not why)
    refused = tuple((name, why) for name, why in told.items() if why)
    if not told:
        return render.done(visit.request, back, "No environment was chosen", "Tick those that you mean.", "warn")
    if not refused:
        return render.done(visit.request, back, f"{deed} {plural(len(done), 'environment')}", tone=tone)
    title = f"{deed} {len(done):,} of {plural(len(told), 'environment')}"
    left = len(refused)
    lede = f"{plural(left, 'environment')} {agree(left, 'was left as it is', 'were left as they are')}."
    context = BulkPage(title, lede, done, refused, back)
    return render.page(visit.request, "overview/bulk.html", context, nav="overview")
