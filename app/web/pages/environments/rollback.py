"""The way back: the plan and what happens to automation, then one click. A form that was wrong keeps what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app.domain.environment import Environment, Mode
from app.domain.errors import InvalidInput
from app.domain.revision import Revision
from app.ports import HistoryItem
from app.services.previewing import shown
from app.services.rollback import Preview
from app.services.usecases import UseCases
from app.web import render
from app.web.deps import Cases
from app.web.pages.forms import Line, line, until
from app.web.pages.queries import Word, clean
from app.web.present import plural, short
from app.web.visitor import By, Visitor

SHOWN = 40
LETTERS = 40_000
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Change:
    """One path of the plan; `diff` is None where it was left out."""

    path: str
    action: str
    diff: str | None


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent."""

    strategy: str = "pin"
    reason: str = ""
    expires_at: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What rollbacks/new.html gets."""

    environment: Environment
    revision: Revision
    item: HistoryItem | None
    forward: bool
    changes: tuple[Change, ...]
    count: int
    more: int
    consequences: tuple[tuple[str, str], ...]
    typed: Typed
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/environments/{name}/rollback")
def preview(request: Request, cases: Cases, name: str, _: Visitor, revision: Word = "") -> Response:
    """The plan of going to a revision (the last good one if none is named)."""
    return _page(request, cases, name, clean(revision), Typed())


@router.post("/environments/{name}/rollback")
def roll_back(
    request: Request,
    cases: Cases,
    by: By,
    name: str,
    revision: Line = "",
    strategy: Line = "pin",
    reason: Line = "",
    expires_at: Line = "",
) -> Response:
    """Go there, and stay there."""
    try:
        operation = cases.rollback.back(name, line(revision), strategy, line(reason), by, until(expires_at))
    except InvalidInput as problem:
        return _page(request, cases, name, line(revision), Typed(strategy, reason, expires_at), problem.fields)
    title = f"Rolling {name} back to {short(operation.request.wanted)}"
    body = "" if strategy == "revert" else "Automation is held, so that nothing undoes it."
    return render.done(request, f"/operations/{operation.id}", title, body, "busy")


def _page(
    request: Request,
    cases: UseCases,
    name: str,
    revision: str,
    typed: Typed,
    errors: Mapping[str, str] | None = None,
) -> Response:
    found = cases.rollback.preview(name, revision or None)
    changes = _changes(shown(found))
    context = Context(
        environment=found.environment,
        revision=found.revision,
        item=found.item,
        forward=found.forward,
        changes=changes,
        count=len(found.plan.work),
        more=max(0, len(found.plan.work) - len(changes)),
        consequences=tuple(_consequences(found)),
        typed=typed,
        errors=errors or {},
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render.page(request, "rollbacks/new.html", context, nav="overview", status=status)


def _changes(items: list[dict[str, Any]]) -> tuple[Change, ...]:
    left, changes = LETTERS, []
    for each in items[:SHOWN]:
        diff = each["diff"]
        fits = diff is None or len(diff) <= left
        left -= len(diff or "") if fits else 0
        changes.append(Change(each["path"], each["action"], (diff or "") if fits else None))
    return tuple(changes)


def _consequences(found: Preview) -> list[tuple[str, str]]:
    """(icon, sentence) pairs: what happens to files, to automation, to the revision that is left."""
    environment, live = found.environment, found.environment.status.revision
    files = plural(len(found.plan.work), "file")
    told = [("file", f"{files} on the target {'changes' if len(found.plan.work) == 1 else 'change'}.")]
    if found.plan.drift:
        told.append(("wave", f"{plural(len(found.plan.drift), 'drifted path')} will be overwritten."))
    checks = [word for word, there in (("hooks", environment.policy.hooks), ("the health check",
              environment.policy.health_check)) if there]  # fmt: skip
    if checks:
        run = "runs" if checks == ["the health check"] else "run"
        told.append(("heart", f"{' and '.join(checks).capitalize()} {run} on the way, as for any delivery."))
    if found.forward:
        return [*told, ("hold", f"{found.revision.short} is newer than what is live: nothing is held.")]
    if live and live != found.revision.sha:
        told.append(("flag", f"{short(live)} is marked bad and is never delivered by itself again."))
    who = "polls" if environment.mode is Mode.PULL else "pipelines, webhooks and polls"
    end = f"until you resume, or a commit newer than {short(live)} lands"
    told.append(("hold", f"With “pin”, {who} deliver nothing here {end}."))
    return told
