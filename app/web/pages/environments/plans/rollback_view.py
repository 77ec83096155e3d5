"""The rollback view: the plan, the effect on automation, and the confirmation. A refused form keeps its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Response

from app.domain.environment import Environment, Mode
from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.ports import HistoryItem
from app.services.environments.previews import Shown
from app.services.environments.rollback import RollbackWish
from app.web.pages.environments.plans.planned_changes import (
    PlannedChange,
    Sentence,
    goes_over,
    in_counts,
    planned_changes,
    runs_on_the_way,
)
from app.web.pages.form_fields import Line, line, until
from app.web.pages.query_parameters import Word, clean
from app.web.rendering import render
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.quantities import plural
from app.wording.short_names import short

router = page_router()


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent."""

    strategy: str = "pin"
    reason: str = ""
    expires_at: str = ""


@dataclass(frozen=True, slots=True)
class RollbackView:
    """The context of rollbacks/new.html."""

    environment: Environment
    noun: str
    plan: Shown
    item: HistoryItem | None
    changes: tuple[PlannedChange, ...]
    more: int
    counted: str
    consequences: tuple[Sentence, ...]
    typed: Typed
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/environments/{name}/rollback", dependencies=[may(Permission.READ_DIFFS)])
def preview(visit: Visiting, name: str, revision: Word = "") -> Response:
    """The plan of going to a revision (the last good one if none is named)."""
    return _page(visit, name, clean(revision), Typed())


@router.post("/environments/{name}/rollback", dependencies=[may(Permission.ROLLBACK)])
def roll_back(
    visit: Visiting,
    by: By,
    name: str,
    revision: Line = "",
    strategy: Line = "pin",
    reason: Line = "",
    expires_at: Line = "",
    override_hold: Line = "",
) -> Response:
    """Roll back to a revision."""
    try:
        wish = RollbackWish(line(revision), strategy, line(reason), until(expires_at), bool(override_hold))
        operation = visit.use_cases.rollback.back(name, wish, by)
    except InvalidInput as problem:
        return _page(visit, name, line(revision), Typed(strategy, reason, expires_at), problem.fields)
    sha, forward = short(operation.request.wanted), operation.request.forward
    title = f"{name} goes forward to {sha}" if forward else f"Rolling {name} back to {sha}"
    body = "" if strategy == "revert" or forward else "Automation is held, so that nothing undoes it."
    return render.done(visit.request, f"/operations/{operation.id}", title, body, "busy")


def _page(
    visit: Visit,
    name: str,
    revision: str,
    typed: Typed,
    errors: Mapping[str, str] | None = None,
) -> Response:
    found = visit.use_cases.previews.show(name, revision or None)
    environment, item = visit.queries.history.find(visit.who, name, found.revision)
    changes = planned_changes(found.items)
    nouns = visit.queries.targets.kinds().nouns(environment.target)
    context = RollbackView(
        environment=environment,
        noun=nouns[0],
        plan=found,
        item=item,
        changes=changes,
        more=max(0, found.count - len(changes)),
        counted=in_counts(found, nouns),
        consequences=tuple(_consequences(environment, found)),
        typed=typed,
        errors=errors or {},
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render.page(visit.request, "rollbacks/new.html", context, nav="overview", status=status)


def _consequences(environment: Environment, found: Shown) -> list[Sentence]:
    """(icon, sentence) pairs: what happens to what is delivered, to automation, to the revision that is left."""
    live = environment.status.revision
    over = goes_over(environment)
    consequences = [("wave", f"{plural(found.drifted, 'drifted path')} will be overwritten.")] if found.drifted else []
    consequences += [over] if over else []
    consequences += runs_on_the_way(environment)
    if found.forward:
        return [*consequences, ("hold", f"{short(found.revision)} is newer than what is live: nothing is held.")]
    if live and live != found.revision:
        consequences.append(("flag", f"{short(live)} is marked bad and is never delivered by itself again."))
    who = "polls" if environment.mode is Mode.PULL else "pipelines, webhooks and polls"
    end = f"until you resume, or a commit newer than {short(live)} lands"
    consequences.append(("hold", f"With “pin”, {who} deliver nothing here {end}."))
    return consequences
