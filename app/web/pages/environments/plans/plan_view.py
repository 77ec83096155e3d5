"""The plan before a delivery, and before automation goes on: what would change, and one button that does just that.

The form carries the revision and the seal of what was shown. Where Git or the target has moved by the time it is sent,
nothing is delivered: the page comes back with what has changed and the new plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Response

from app.domain.environment import Environment
from app.domain.errors import InvalidInput, NotFound, Problem, RevisionNotFound, SourceUnreachable
from app.domain.operation import OperationKind, Trigger
from app.domain.operation import Request as Asked
from app.domain.permissions import Permission
from app.ports import HistoryItem
from app.queries.environment_state import EnvironmentState
from app.services.environments.previews import Shown
from app.web.pages.environments.plans.planned_changes import (
    PlannedChange,
    Sentence,
    goes_over,
    in_counts,
    planned_changes,
    runs_on_the_way,
)
from app.web.pages.form_fields import Line, line
from app.web.pages.query_parameters import Word, clean
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.quantities import plural
from app.wording.short_names import short

router = page_router()
DELIVER, RESUME = "deliver", "resume"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is planned: `revision` ("": what the ref points at). `newest`: it is meant as the ref's newest; `seal` and
    `live`: of the plan that was seen, "" where none was yet."""

    act: str
    revision: str = ""
    newest: bool = True
    seal: str = ""
    live: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A plan as it is now, None where none can be made or nothing is to be delivered; `why` says why none can. `news`:
    what has changed since the plan that was seen, or asked for."""

    plan: Shown | None
    why: str = ""
    news: tuple[str, ...] = ()
    known_only: str = ""


@dataclass(frozen=True, slots=True)
class PlanView:
    """The context of plans/new.html. `sha`: what would be delivered; `unplanned`: why there is no plan; `known_only`:
    why Git could not be asked for its newest; `counted`: what changes, in words; `older`: it does not contain what is
    live."""

    environment: Environment
    noun: str
    act: str
    newest: bool
    reason: str
    sha: str
    plan: Shown | None
    unplanned: str
    known_only: str
    news: tuple[str, ...]
    item: HistoryItem | None
    changes: tuple[PlannedChange, ...]
    more: int
    counted: str
    consequences: tuple[Sentence, ...]
    older: bool


@router.get("/environments/{name}/plan", dependencies=[may(Permission.READ_DIFFS)])
def plan(visit: Visiting, name: str, revision: Word = "", newest: Word = "") -> Response:
    """The plan of delivering a revision; of what the ref points at if none is named, or with `newest`."""
    wanted = clean(revision)
    wish = Wish(DELIVER, wanted, newest=bool(newest) or not wanted)
    return _page(visit, name, wish, _look(visit, name, wish))


@router.post("/environments/{name}/plan", dependencies=[may(Permission.SYNC)])
def deliver(
    visit: Visiting,
    by: By,
    name: str,
    revision: Line = "",
    newest: Line = "",
    seal: Line = "",
    live: Line = "",
    reason: Line = "",
    override_hold: Line = "",
) -> Response:
    """Deliver what the plan showed; where that is no longer what would happen, show the new plan instead."""
    wish = Wish(DELIVER, line(revision), bool(newest), line(seal), line(live), line(reason))
    if wish.seal and (changed := _changed(visit, name, wish)):
        return changed
    asked = Asked(
        OperationKind.SYNC, Trigger.MANUAL, str(by), wanted=wish.revision or None, reason=wish.reason,
        override_hold=bool(override_hold),
    )  # fmt: skip
    operation = visit.use_cases.queue.ask(name, asked, by)
    what = short(operation.request.wanted) if operation.request.wanted else "the newest revision"
    return render.done(visit.request, f"/operations/{operation.id}", f"Delivering {what} to {name}", tone="busy")


@router.get("/environments/{name}/resume", dependencies=[may(Permission.READ_DIFFS)])
def resuming(visit: Visiting, name: str) -> Response:
    """The plan of what automation does as soon as it goes on."""
    wish = Wish(RESUME, newest=False)
    return _page(visit, name, wish, _look(visit, name, wish))


@router.post("/environments/{name}/resume", dependencies=[may(Permission.RESUME)])
def resume(visit: Visiting, by: By, name: str, revision: Line = "", seal: Line = "", live: Line = "") -> Response:
    """End the hold; with the seal of a plan only where that plan is still what follows."""
    wish = Wish(RESUME, line(revision), newest=False, seal=line(seal), live=line(live))
    if wish.seal and (changed := _changed(visit, name, wish)):
        return changed
    visit.use_cases.holds.resume(name, by)
    return render.done(visit.request, links.environment(name), f"Automation of {name} goes on")


def _changed(visit: Visit, name: str, wish: Wish) -> Response | None:
    """The page with the new plan where the one that was seen does not hold any more; None where it does."""
    look = _look(visit, name, wish)
    holds = look.plan and not look.news
    return None if holds else _page(visit, name, wish, look, HTTPStatus.CONFLICT)


def _look(visit: Visit, name: str, wish: Wish) -> Look:
    """Make the plan of a wish. Raises RevisionNotFound, and what says that the request itself is wrong."""
    state = visit.queries.state.read(visit.who, name)
    wanted = _by_itself(state) if wish.act == RESUME else "" if wish.newest else wish.revision
    if wish.act == RESUME and not wanted:
        return Look(None, news=("Nothing is waiting to be delivered any more.",) if wish.seal else ())
    known_only = ""
    try:
        try:
            found = visit.use_cases.previews.forward(name, wanted or None)
        except SourceUnreachable as problem:
            known = wish.revision or state.environment.status.noticed
            if wanted or not known:
                raise
            found, known_only = visit.use_cases.previews.forward(name, known), problem.detail
    except (NotFound, InvalidInput, RevisionNotFound):
        raise
    except Problem as problem:
        return Look(None, problem.detail)
    return Look(found, news=tuple(_news(state.environment, wish, found)), known_only=known_only)


def _by_itself(state: EnvironmentState) -> str:
    """The revision that automation would deliver: the pending one, or the live one over drift; "" where nothing is."""
    policy, status = state.environment.policy, state.environment.status
    if state.pending and policy.auto_sync and not state.bad:
        return state.pending
    return status.revision or "" if status.drift_count and policy.self_heal else ""


def _news(environment: Environment, wish: Wish, found: Shown) -> Iterator[str]:
    """What differs from the plan that was seen, or from the revision that was asked for."""
    if wish.revision and wish.revision != found.revision and (wish.newest or wish.act == RESUME):
        yield (
            f"Git has moved on: {environment.source.ref} is at {short(found.revision)} now, "
            f"{short(wish.revision)} is not its newest any more."
        )
    if wish.seal and wish.live != (found.from_revision or ""):
        yield f"{short(found.from_revision)} has gone live meanwhile."
    elif wish.seal and found.seal != wish.seal and wish.revision == found.revision:
        yield "What stands on the target has changed since you saw the plan."


def _page(visit: Visit, name: str, wish: Wish, look: Look, status: int = HTTPStatus.OK) -> Response:
    found = look.plan
    sha = found.revision if found else wish.revision
    environment, item = visit.queries.history.find(visit.who, name, sha)
    nouns = visit.queries.targets.kinds().nouns(environment.target)
    changes = planned_changes(found.items) if found else ()
    live = environment.status.revision
    context = PlanView(
        environment=environment,
        noun=nouns[0],
        act=wish.act,
        newest=wish.newest,
        reason=wish.reason,
        sha=sha,
        plan=found,
        unplanned=look.why,
        known_only=look.known_only,
        news=look.news,
        item=item,
        changes=changes,
        more=max(0, found.count - len(changes)) if found else 0,
        counted=in_counts(found, nouns) if found else "",
        consequences=tuple(_consequences(environment, found, wish.act, nouns[0])),
        older=bool(found and live and not (wish.newest or found.forward or sha == live)),
    )
    return render.page(visit.request, "plans/new.html", context, nav="overview", status=status)


def _consequences(environment: Environment, found: Shown | None, act: str, noun: str) -> Iterator[Sentence]:
    """What goes with the deed."""
    if found and found.drifted:
        words = f"{plural(found.drifted, f'drifted {noun}')} will be overwritten; what was changed there is lost."
        yield "wave", words
    if act == DELIVER and (over := goes_over(environment)):
        yield over
    if act == RESUME:
        yield "hold", "The hold ends, and automation goes on."
    if found and found.unmanaged_count:
        yield "file", f"{plural(found.unmanaged_count, noun)} that PushPull never delivered stay as they are."
    if not found or found.count:
        yield from runs_on_the_way(environment)
    elif environment.policy.hooks:
        yield "operations", "No hook runs, because nothing on the target changes."
