"""The response for a problem: a page, a toast, or a redirect to the log-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from app.domain.errors import Problem
from app.domain.permissions import Permission
from app.web.rendering import links, render
from app.web.requests.browser_session import SAFE
from app.web.requests.permission_check import admit

TITLES = {
    "environment_not_found": "There is no such environment",
    "operation_not_found": "There is no such operation",
    "revision_not_found": "There is no such revision",
    "nothing_to_roll_back_to": "There is nothing to roll back to",
    "nothing_to_adopt": "There is nothing to write back",
    "write_back_conflict": "Git has changed the same file",
    "secrets_not_included": "It looks like secrets",
    "write_back_not_possible": "That cannot be written back",
    "environment_held": "Automation is on hold",
    "content_not_fetched": "Some content is not fetched yet",
    "source_unreachable": "The repository cannot be reached",
    "source_refused": "The repository cannot be used",
    "target_unreachable": "The target cannot be reached",
    "target_refused": "The target refused",
    "push_rejected": "Git did not accept the commit",
    "operation_in_progress": "Another operation is running",
    "operation_finished": "It has ended already",
    "environment_changed": "Somebody else edited it meanwhile",
    "too_many_attempts": "Too many attempts",
}
BY_STATUS = {
    401: "Log in first",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "That is not possible here",
    413: "That is too large",
    422: "Something is not right yet",
    500: "Something went wrong here",
}


UNSURE = "It is not known whether anything was changed; look before you try again."


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """The context of error.html."""

    status: int
    title: str
    detail: str
    unchanged: str
    action: tuple[str, str] | None
    code: str
    fields: Mapping[str, str] = field(default_factory=dict)


def problem_page(request: Request, status: int, code: str, detail: str, fields: dict[str, str]) -> Response:
    """The page for a problem: the failure, the unchanged state, the next step; `fields`: errors by form field."""
    if code == "password_must_change":
        return _on(request, "/settings")
    if status == HTTPStatus.UNAUTHORIZED and not render.by_htmx(request):
        return _on(request, links.with_query("/login", {"next": _place(request)}))
    title = TITLES.get(code) or BY_STATUS.get(status, "That did not work")
    deed = request.method not in SAFE
    _recognise(request)
    if render.by_htmx(request):
        listed = "; ".join(f"{name} {text}" for name, text in fields.items())
        return render.message(request, "bad", title, listed or detail, status)
    surely = "Nothing was changed." if status < HTTPStatus.INTERNAL_SERVER_ERROR else UNSURE
    unchanged = surely if deed else ""
    back = _before(request)
    action = ("Back to where you were", back) if back else None
    if code == "environment_not_found":
        name = unquote(request.url.path).split("/")[2:3]
        action = ("What happened to it", links.with_query("/operations", {"environment": "".join(name)}))
    if code == "nothing_to_roll_back_to":
        name = unquote(request.url.path).split("/")[2:3]
        action = ("What was live there", links.environment("".join(name), "history"))
    context = ProblemPage(status, title, detail, unchanged, action, code, fields)
    return render.page(request, "error.html", context, status=status)


def _recognise(request: Request) -> None:
    """Identify the user of a page without a route, because no route's permission check did."""
    if not hasattr(request.state, "user") and request.method in SAFE:
        try:
            admit(request, Permission.VIEW)
        except Problem:
            pass


def _on(request: Request, url: str) -> Response:
    if render.by_htmx(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url, **render.VARY})
    return RedirectResponse(url, HTTPStatus.SEE_OTHER, render.VARY)


def _place(request: Request) -> str:
    """The address to return to after the log-in: this page, or the page of the form that was sent."""
    if request.method not in SAFE:
        return _before(request) or "/"
    query = request.url.query
    return links.inside(request.url.path + (f"?{query}" if query else ""))


def _before(request: Request) -> str:
    """The page of ours that the request came from, or ""."""
    parts = urlsplit(request.headers.get("referer", ""))
    here = request.method in SAFE and parts.path == request.url.path
    if here or parts.netloc != request.headers.get("host", ""):
        return ""
    return links.inside(parts.path + (f"?{parts.query}" if parts.query else ""), "")
