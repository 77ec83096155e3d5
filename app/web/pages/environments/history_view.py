"""Revisions that were live, newest first; each one is a way back."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.permissions import Permission
from app.ports import HistoryItem
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.query_parameters import After, clean
from app.web.rendering import links
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router

ROWS = 40
router = page_router()


@dataclass(frozen=True, slots=True)
class HistoryView(Top):
    """The context of environments/history.html."""

    items: tuple[HistoryItem, ...]
    held: str | None
    url: str
    first: str
    next: str


@router.get("/environments/{name}/history", dependencies=[may(Permission.VIEW)])
def history(request: Request, queries: Reads, who: Who, name: str, after: After = "") -> Response:
    """The environment's revisions."""
    above = top(queries, who, name, "history")
    page = queries.history.page(who, name, ROWS, clean(after) or None)
    here = links.environment(name, "history")
    hold = above.head.environment.hold
    context = HistoryView(
        above.head,
        above.notices,
        items=page.items,
        held=hold.left_revision if hold else None,
        url=links.with_query(here, {"after": after}),
        first=here if after else "",
        next=links.with_query(here, {"after": page.next}) if page.next else "",
    )
    return show(request, "environments/history.html", context, ("history",))
