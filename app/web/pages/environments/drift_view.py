"""The drift view: the drifted paths of the target, and the three answers to drift."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.permissions import Permission
from app.domain.state.drift import DriftReport, Episode
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.query_parameters import After, number
from app.web.rendering import links
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.quantities import secrets_in_words

SHOWN = 40
LETTERS = 40_000
EPISODES = 20
router = page_router()


@dataclass(frozen=True, slots=True)
class DriftedPath:
    """One drifted path; `diff` is "" if its content is not readable, None if the diff was left out; `secrets` says
    what of it looks like secrets."""

    path: str
    change: str
    diff: str | None
    secrets: str


@dataclass(frozen=True, slots=True)
class EnvironmentDriftView(Top):
    """The context of environments/drift.html."""

    items: tuple[DriftedPath, ...]
    more: int
    ignored: tuple[str, ...]
    unmanaged: tuple[str, ...]
    unmanaged_count: int
    episodes: tuple[Episode, ...]
    branch: str
    url: str
    first: str
    next: str


@router.get("/environments/{name}/drift", dependencies=[may(Permission.READ_DIFFS)])
def drift(request: Request, queries: Reads, who: Who, name: str, after: After = "") -> Response:
    """The environment's drift."""
    above = top(queries, who, name, "drift")
    report = queries.drift.of_environment(who, name).report or DriftReport()
    page = queries.drift.episodes(who, name, EPISODES, number(after))
    here = links.environment(name, "drift")
    count = above.head.environment.status.drift_count
    items = _items(report) if count else ()
    context = EnvironmentDriftView(
        above.head,
        above.notices,
        items=items,
        more=max(0, count - len(items)),
        ignored=report.ignored,
        unmanaged=report.unmanaged,
        unmanaged_count=report.unmanaged_count,
        episodes=page.items,
        branch=f"drift/{name}-{report.episode}" if report.episode else f"drift/{name}",
        url=links.with_query(here, {"after": after}),
        first=here if after else "",
        next=links.with_query(here, {"after": page.next}) if page.next else "",
    )
    return show(request, "environments/drift.html", context, ("drift",))


def _items(report: DriftReport) -> tuple[DriftedPath, ...]:
    """The first paths, with as many diffs as fit on the page."""
    left, items = LETTERS, []
    for each in report.items[:SHOWN]:
        diff = each.diff
        fits = diff is None or len(diff) <= left
        left -= len(diff or "") if fits else 0
        secrets = secrets_in_words(each.secret_lines)
        items.append(DriftedPath(each.path, each.change.value, (diff or "") if fits else None, secrets))
    return tuple(items)
