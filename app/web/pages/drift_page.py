"""The drift page: the open and the past episodes of all environments."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.permissions import Permission
from app.domain.state.drift import Episode
from app.web.pages.query_parameters import After, number
from app.web.rendering import links, render
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.quantities import agree, plural

OPEN = 100
PAST = 30
router = page_router()


@dataclass(frozen=True, slots=True)
class DriftPage:
    """The context of drift/index.html."""

    title: str
    known: bool
    open: tuple[Episode, ...]
    past: tuple[Episode, ...]
    url: str
    first: str
    next: str


@router.get("/drift", dependencies=[may(Permission.VIEW)])
def drift(request: Request, queries: Reads, who: Who, after: After = "") -> Response:
    """Every open episode, then those that ended."""
    found = queries.drift.everywhere(who, OPEN, PAST, number(after))
    now, page = found.open, found.page
    count = f"{OPEN}+ environments" if now.next else plural(len(now.items), "environment")
    context = DriftPage(
        title=f"{count} {agree(len(now.items), 'is', 'are')} in drift" if now.items else "Nothing is in drift",
        known=found.known,
        open=now.items,
        past=tuple(one for one in page.items if one.ended_at),
        url=links.with_query("/drift", {"after": after}),
        first="/drift" if after else "",
        next=links.with_query("/drift", {"after": page.next}) if page.next else "",
    )
    return render.page(request, "drift/index.html", context, nav="drift", regions=("drift",))
