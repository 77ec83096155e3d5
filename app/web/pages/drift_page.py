"""Drift of all environments: what is open now, and past episodes."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.state.drift import Episode
from app.web.pages.query_parameters import After, number
from app.web.rendering import links, render
from app.web.rendering.present import plural
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import Visitor

OPEN = 100
PAST = 30
router = page_router()


@dataclass(frozen=True, slots=True)
class DriftPage:
    """What drift/index.html gets."""

    title: str
    known: bool
    open: tuple[Episode, ...]
    past: tuple[Episode, ...]
    url: str
    first: str
    next: str


@router.get("/drift")
def drift(request: Request, use_cases: Cases, _: Visitor, after: After = "") -> Response:
    """Every open episode, then those that ended."""
    with use_cases.ports.store.read() as tx:
        now = tx.episodes.page(None, OPEN, None, open_only=True)
        page = tx.episodes.page(None, PAST, number(after))
        known = bool(tx.environments.addresses())
    count = f"{OPEN}+ environments" if now.next else plural(len(now.items), "environment")
    context = DriftPage(
        title=f"{count} {'is' if len(now.items) == 1 else 'are'} in drift" if now.items else "Nothing is in drift",
        known=known,
        open=now.items,
        past=tuple(one for one in page.items if one.ended_at),
        url=links.with_query("/drift", {"after": after}),
        first="/drift" if after else "",
        next=links.with_query("/drift", {"after": page.next}) if page.next else "",
    )
    return render.page(request, "drift/index.html", context, nav="drift", regions=("drift",))
