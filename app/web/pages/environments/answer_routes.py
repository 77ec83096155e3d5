"""Answers to drift as forms post them. A refused form comes back on the drift page, open, with what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import Response

from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.domain.state.drift import DriftReport
from app.services.environments.write_back import WriteBackWish
from app.web.pages.environments.drift_view import SHOWN, TypedAnswer, drift_page
from app.web.pages.form_fields import Line, Many, line, until
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.quantities import listed, plural

router = page_router()
PLACES = {"reason": "ignore_reason", "expires_at": "ignore_until"}  # of the form's fields, by the use case's


@router.post("/environments/{name}/drift/heals", dependencies=[may(Permission.HEAL_DRIFT)])
def heal(
    visit: Visiting,
    by: By,
    name: str,
    reason: Line = "",
    override_hold: Line = "",
    paths: Many = [],  # noqa: B006 - FastAPI makes a new one
    choose: Line = "",
    rest: Line = "",
) -> Response:
    """Make live equal the live revision again, at all that drifted or at what was ticked."""
    try:
        chosen = _chosen(visit, name, paths, choose=bool(choose), rest=bool(rest))
        operation = visit.use_cases.drift.heal(name, by, line(reason), chosen, override_hold=bool(override_hold))
    except InvalidInput as problem:
        return _refused(visit, name, TypedAnswer("heal", tuple(paths)), problem.fields)
    what = f" ({plural(len(chosen), 'path')})" if chosen else ""
    return render.done(visit.request, f"/operations/{operation.id}", f"Healing {name}{what}", tone="busy")


@router.post("/environments/{name}/drift/acknowledgements", dependencies=[may(Permission.ACKNOWLEDGE_DRIFT)])
def acknowledge(visit: Visiting, by: By, name: str) -> Response:
    """Mark the open drift episode as seen by a person."""
    visit.use_cases.drift.acknowledge(name, by)
    there = links.environment(name, "drift")
    return render.done(visit.request, there, "Noted that you know", "The drift itself stays.")


@router.post("/environments/{name}/drift/adoptions", dependencies=[may(Permission.WRITE_BACK_DRIFT)])
@router.post("/environments/{name}/drift/write-backs", dependencies=[may(Permission.WRITE_BACK_DRIFT)])
def write_back(
    visit: Visiting,
    by: By,
    name: str,
    branch: Line = "",
    message: Line = "",
    include_secrets: Many = [],  # noqa: B006
    paths: Many = [],  # noqa: B006
    choose: Line = "",
    rest: Line = "",
) -> Response:
    """Commit what drifted onto a branch in Git."""
    try:
        chosen = _chosen(visit, name, paths, choose=bool(choose), rest=bool(rest))
        wish = WriteBackWish(chosen, line(branch) or None, line(message), include_secrets)
        done = visit.use_cases.drift.write_back(name, wish, by)
    except InvalidInput as problem:
        typed = TypedAnswer("write_back", tuple(paths), branch=line(branch), message=line(message))
        return _refused(visit, name, typed, problem.fields)
    title = f"Committed as {done.revision.short} and pushed to {done.branch}"
    body = done.waits or "Live is being recorded as that revision."
    if done.left_out:
        body += f" Left out, because it looks like secrets: {listed([one.path for one in done.left_out])}."
    there = f"/operations/{done.operation.id}" if done.operation else links.environment(name, "drift")
    return render.done(visit.request, there, title, body)


@router.post("/environments/{name}/drift/ignores", dependencies=[may(Permission.IGNORE_DRIFT)])
def ignore(
    visit: Visiting,
    by: By,
    name: str,
    path: Line = "",
    ignore_reason: Line = "",
    ignore_until: Line = "",
    paths: Many = [],  # noqa: B006
) -> Response:
    """Accept drift at the paths and patterns that were ticked, and at one that was typed."""
    wanted = [*paths, line(path)] if line(path) else paths
    try:
        until_then = until(ignore_until, "ignore_until")
        visit.use_cases.drift.ignore(name, wanted, line(ignore_reason), until_then, by)
    except InvalidInput as problem:
        typed = TypedAnswer("ignore", tuple(paths), path=line(path), reason=line(ignore_reason), until=ignore_until)
        return _refused(visit, name, typed, problem.fields)
    body = "A refresh is under way; the environment is Synced again if nothing else differs."
    there = links.environment(name, "drift")
    return render.done(visit.request, there, f"Drift at {listed(wanted)} is ignored", body, "none")


@router.post("/environments/{name}/drift/ignores/remove", dependencies=[may(Permission.IGNORE_DRIFT)])
def stop_ignoring(visit: Visiting, by: By, name: str, path: Line = "") -> Response:
    """Remove an ignore rule."""
    visit.use_cases.drift.stop_ignoring(name, path, by)
    there = links.environment(name, "drift")
    return render.done(visit.request, there, f"Drift at {path} counts again", "A refresh is under way.", "none")


def _chosen(visit: Visit, name: str, paths: Sequence[str], *, choose: bool, rest: bool) -> tuple[str, ...]:
    """The paths that were ticked, with those that the page does not list where `rest` was; () means all that drifted.
    Raises InvalidInput where there was a choice and nothing was ticked."""
    if not choose:
        return tuple(paths)
    if not paths and not rest:
        raise InvalidInput(fields={"paths": "tick at least one"})
    report = visit.queries.drift.of_environment(visit.who, name).report or DriftReport()
    known = [item.path for item in report.items]
    chosen = (*paths, *(known[SHOWN:] if rest else ()))
    if rest and set(known) <= set(chosen):
        return ()
    if rest and report.count > len(known):
        told = f"{report.count - len(known):,} further paths are not known by name"
        raise InvalidInput(fields={"paths": f"{told}: tick all, or leave the further paths out"})
    return chosen


def _refused(visit: Visit, name: str, typed: TypedAnswer, fields: Mapping[str, str]) -> Response:
    return drift_page(visit, name, typed=typed, errors={PLACES.get(key, key): text for key, text in fields.items()})
