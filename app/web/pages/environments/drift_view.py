"""What is different on the target now, and the three answers to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from app.domain.state.drift import Episode
from app.web.pages.environments.header import REGION, Head, head
from app.web.pages.environments.notices import Notice, notices
from app.web.pages.query_parameters import After, number
from app.web.rendering import links, render
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import Visitor

SHOWN = 40
LETTERS = 40_000
EPISODES = 20
router = page_router()


@dataclass(frozen=True, slots=True)
class Item:
    """One drifted path; `diff` is "" where there is nothing readable, None where it was left out."""

    path: str
    change: str
    diff: str | None


@dataclass(frozen=True, slots=True)
class EnvironmentDriftView:
    """What environments/drift.html gets."""

    head: Head
    notices: tuple[Notice, ...]
    items: tuple[Item, ...]
    more: int
    ignored: tuple[str, ...]
    unmanaged: tuple[str, ...]
    unmanaged_count: int
    episodes: tuple[Episode, ...]
    branch: str
    url: str
    first: str
    next: str


@router.get("/environments/{name}/drift")
def drift(request: Request, use_cases: Cases, name: str, _: Visitor, after: After = "") -> Response:
    """The environment's drift."""
    top = head(use_cases, name, "drift")
    with use_cases.ports.store.read() as tx:
        report: Mapping[str, Any] = tx.drift.get(top.environment.id) or {}
        page = tx.episodes.page(top.environment.id, EPISODES, number(after))
    here = links.environment(name, "drift")
    count = top.environment.status.drift_count
    items = _items(report) if count else ()
    context = EnvironmentDriftView(
        head=top,
        notices=notices(top),
        items=items,
        more=max(0, count - len(items)),
        ignored=tuple(map(str, report.get("ignored", ()))),
        unmanaged=tuple(map(str, report.get("unmanaged", ()))),
        unmanaged_count=int(report.get("unmanaged_count", 0)),
        episodes=page.items,
        branch=f"drift/{name}",
        url=links.with_query(here, {"after": after}),
        first=here if after else "",
        next=links.with_query(here, {"after": page.next}) if page.next else "",
    )
    return render.page(request, "environments/drift.html", context, nav="overview", regions=(REGION, "drift"))


def _items(report: Mapping[str, Any]) -> tuple[Item, ...]:
    """The first paths, with as many readable differences as a page should carry."""
    left, items = LETTERS, []
    for each in report.get("items", ())[:SHOWN]:
        diff = each.get("diff")
        fits = diff is None or len(diff) <= left
        left -= len(diff or "") if fits else 0
        items.append(Item(str(each["path"]), str(each["change"]), (diff or "") if fits else None))
    return tuple(items)
