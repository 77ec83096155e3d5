"""Actions on an environment: each is a form that posts to a resource and returns with a message."""

from __future__ import annotations

from fastapi import Request, Response

from app.domain.operation import OperationKind, Trigger
from app.domain.operation import Request as Asked
from app.domain.permissions import Permission
from app.services.environments.write_back import WriteBackWish
from app.web.pages.form_fields import Line, Many, line, until
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.wording.quantities import listed
from app.wording.short_names import short
from app.wording.times import exact

router = page_router()


@router.post("/environments/{name}/syncs", dependencies=[may(Permission.SYNC)])
def sync(
    request: Request,
    use_cases: Cases,
    by: By,
    name: str,
    revision: Line = "",
    reason: Line = "",
    override_hold: Line = "",
) -> Response:
    """Deliver a revision, or what the environment's ref points at."""
    asked = Asked(
        OperationKind.SYNC, Trigger.MANUAL, str(by), wanted=line(revision) or None, reason=line(reason),
        override_hold=bool(override_hold),
    )  # fmt: skip
    operation = use_cases.queue.ask(name, asked, by)
    what = short(operation.request.wanted) if operation.request.wanted else "the newest revision"
    return render.done(request, f"/operations/{operation.id}", f"Delivering {what} to {name}", tone="busy")


@router.post("/environments/{name}/refreshes", dependencies=[may(Permission.REFRESH)])
def refresh(request: Request, use_cases: Cases, by: By, name: str) -> Response:
    """Compare live with Git now."""
    use_cases.queue.ask(name, Asked(OperationKind.REFRESH, Trigger.MANUAL, str(by)), by)
    return render.done(
        request, links.environment(name), "A refresh was asked for", "What it finds is shown below.", "busy"
    )


@router.post("/environments/{name}/hold", dependencies=[may(Permission.HOLD)])
def hold(request: Request, use_cases: Cases, by: By, name: str, reason: Line = "", expires_at: Line = "") -> Response:
    """Stop automation."""
    held = use_cases.holds.hold(name, line(reason), until(expires_at), by)
    expires = held.hold.expires_at if held.hold else None
    end = f"until {exact(expires)}" if expires else "until somebody resumes it"
    body = f"Nothing is delivered or healed by itself {end}."
    return render.done(request, links.environment(name), f"Automation of {name} is held", body, "none")


@router.post("/environments/{name}/delete", dependencies=[may(Permission.DELETE)])
def delete(request: Request, use_cases: Cases, by: By, name: str) -> Response:
    """Forget the environment; files and ledger stay."""
    use_cases.registration.remove(name, by)
    body = "Its delivered files stay where they are, its history stays in the ledger and the audit log."
    return render.done(request, "/", f"{name} is no longer managed", body, "none")


@router.post("/environments/{name}/drift/heals", dependencies=[may(Permission.HEAL_DRIFT)])
def heal(
    request: Request, use_cases: Cases, by: By, name: str, reason: Line = "", override_hold: Line = ""
) -> Response:
    """Make live equal the live revision again."""
    operation = use_cases.drift.heal(name, by, line(reason), override_hold=bool(override_hold))
    return render.done(request, f"/operations/{operation.id}", f"Healing {name}", tone="busy")


@router.post("/environments/{name}/drift/acknowledgements", dependencies=[may(Permission.ACKNOWLEDGE_DRIFT)])
def acknowledge(request: Request, use_cases: Cases, by: By, name: str) -> Response:
    """Mark the open drift episode as seen by a person."""
    use_cases.drift.acknowledge(name, by)
    return render.done(request, links.environment(name, "drift"), "Noted that you know", "The drift itself stays.")


@router.post("/environments/{name}/drift/adoptions", dependencies=[may(Permission.WRITE_BACK_DRIFT)])
@router.post("/environments/{name}/drift/write-backs", dependencies=[may(Permission.WRITE_BACK_DRIFT)])
def write_back(
    request: Request,
    use_cases: Cases,
    by: By,
    name: str,
    branch: Line = "",
    message: Line = "",
    include_secrets: Many = [],  # noqa: B006 - FastAPI makes a new one
) -> Response:
    """Commit what drifted onto a branch in Git."""
    wish = WriteBackWish((), line(branch) or None, line(message), include_secrets)
    done = use_cases.drift.write_back(name, wish, by)
    title = f"Committed as {done.revision.short} and pushed to {done.branch}"
    body = done.waits or "Live is being recorded as that revision."
    if done.left_out:
        body += f" Left out, because it looks like secrets: {listed([one.path for one in done.left_out])}."
    there = f"/operations/{done.operation.id}" if done.operation else links.environment(name, "drift")
    return render.done(request, there, title, body)


@router.post("/environments/{name}/drift/ignores", dependencies=[may(Permission.IGNORE_DRIFT)])
def ignore(
    request: Request,
    use_cases: Cases,
    by: By,
    name: str,
    path: Line = "",
    ignore_reason: Line = "",
    ignore_until: Line = "",
) -> Response:
    """Accept drift at a path."""
    use_cases.drift.ignore(name, line(path), line(ignore_reason), until(ignore_until, "ignore_until"), by)
    body = "A refresh is under way; the environment is Synced again if nothing else differs."
    return render.done(request, links.environment(name, "drift"), f"Drift at {line(path)} is ignored", body, "none")


@router.post("/environments/{name}/drift/ignores/remove", dependencies=[may(Permission.IGNORE_DRIFT)])
def stop_ignoring(request: Request, use_cases: Cases, by: By, name: str, path: Line = "") -> Response:
    """Remove an ignore rule."""
    use_cases.drift.stop_ignoring(name, path, by)
    body = "A refresh is under way."
    return render.done(request, links.environment(name, "drift"), f"Drift at {path} counts again", body, "none")
