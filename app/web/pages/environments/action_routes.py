"""Actions on an environment: each is a form that posts to a resource and returns with a message."""

from __future__ import annotations

from fastapi import Request, Response

from app.domain.operation import OperationKind, Trigger
from app.domain.operation import Request as Asked
from app.domain.permissions import Permission
from app.web.pages.form_fields import Line, line, until
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
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
