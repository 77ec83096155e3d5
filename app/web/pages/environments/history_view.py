"""Revisions that were live, newest first; each one is a way back."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.ports import HistoryItem
from app.web.pages.environments.header import REGION, Head, head
from app.web.pages.environments.notices import Notice, notices
from app.web.pages.query_parameters import After, clean
from app.web.rendering import links, render
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import Visitor

ROWS = 40
router = page_router()


@dataclass(frozen=True, slots=True)
class HistoryView:
    """What environments/history.html gets."""

    head: Head
    notices: tuple[Notice, ...]
    items: tuple[HistoryItem, ...]
    held: str | None
    url: str
    first: str
    next: str


@router.get("/environments/{name}/history")
def history(request: Request, use_cases: Cases, name: str, _: Visitor, after: After = "") -> Response:
    """The environment's revisions."""
    top = head(use_cases, name, "history")
    with use_cases.ports.store.read() as tx:
        page = tx.history.page(top.environment.id, ROWS, clean(after) or None)
    here = links.environment(name, "history")
    hold = top.environment.hold
    context = HistoryView(
        head=top,
        notices=notices(top),
        items=page.items,
        held=hold.left_revision if hold else None,
        url=links.with_query(here, {"after": after}),
        first=here if after else "",
        next=links.with_query(here, {"after": page.next}) if page.next else "",
    )
    return render.page(request, "environments/history.html", context, nav="overview", regions=(REGION, "history"))
