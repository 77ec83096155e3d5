"""Drift: the open and the past episodes of all environments, and the page of each."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.environment import IgnoreRule
from app.domain.errors import EpisodeNotFound
from app.domain.events import Event
from app.domain.operation import Operation
from app.domain.permissions import Permission
from app.domain.state.drift import Ending, Episode
from app.domain.state.episode_report import EpisodeReport
from app.domain.state.items import printable
from app.queries.drift_queries import EpisodeRecord
from app.services.environments.write_back import WriteBackWish
from app.web.pages.form_fields import Line, Many, line
from app.web.pages.query_parameters import After, number
from app.web.rendering import links, render
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import page_router
from app.wording.operation_words import summary
from app.wording.quantities import agree, listed, plural, secrets_in_words
from app.wording.short_names import actor, short
from app.wording.times import exact

OPEN = 100
PAST = 30
SHOWN, LETTERS = 40, 40_000  # paths on an episode's page, and characters of their diffs
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


@dataclass(frozen=True, slots=True)
class KeptChange:
    """One path that drifted, and when it was changed. `diff` is "" if its content is not readable, None if the diff was
    left out."""

    path: str
    change: str
    diff: str | None
    found: str


@dataclass(frozen=True, slots=True)
class EpisodePage:
    """The context of drift/episode.html. `ended`: what the run that ended it did, in words; `branchable`: how many
    contents are kept; `hidden`: those that look like secrets, with what of them does."""

    title: str
    episode: Episode
    there: bool
    noun: str
    kept: bool
    items: tuple[KeptChange, ...]
    more: int
    operation: Operation | None
    ended: str
    lost: bool
    written_back: tuple[Event, ...]
    healed: tuple[Event, ...]
    rules: tuple[IgnoreRule, ...]
    branch: str
    branchable: int
    hidden: tuple[tuple[str, str], ...]


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


@router.get("/drift/{id}", dependencies=[may(Permission.READ_DIFFS)])
def episode(request: Request, queries: Reads, who: Who, id: str) -> Response:
    """One episode: when it was changed, what, who knew, and what ended it."""
    asked = number(id)
    if asked is None:
        raise EpisodeNotFound()
    found = queries.drift.episode(who, asked)
    one, items = found.episode, _kept(found) if found.report else ()
    context = EpisodePage(
        title=f"{plural(one.count, *found.nouns)} changed by hand in {one.environment}",
        episode=one,
        there=found.environment is not None,
        noun=found.nouns[0],
        kept=found.report is not None,
        items=items,
        more=max(0, found.report.count - len(items)) if found.report else 0,
        operation=found.operation,
        ended=f"{summary(found.operation)}" if found.operation else "",
        lost=one.ending in (Ending.HEALED, Ending.SUPERSEDED) and one.ended_by != "outside",
        written_back=found.written_back,
        healed=found.healed,
        rules=found.rules,
        branch=f"drift/{one.environment}-{one.id}",
        branchable=len(found.contents),
        hidden=tuple(
            (printable(each.key), secrets_in_words(each.secret_lines))
            for each in found.contents
            if each.secret_lines != 0
        ),
    )
    return render.page(request, "drift/episode.html", context, nav="drift", regions=("episode",))


@router.post("/drift/{id}/branch", dependencies=[may(Permission.WRITE_BACK_DRIFT)])
def branch(
    request: Request,
    use_cases: Cases,
    by: By,
    id: str,
    branch: Line = "",
    message: Line = "",
    include_secrets: Many = [],  # noqa: B006 - FastAPI makes a new one
) -> Response:
    """Make a branch of what an episode found."""
    asked = number(id)
    if asked is None:
        raise EpisodeNotFound()
    wish = WriteBackWish((), line(branch) or None, line(message), include_secrets)
    done = use_cases.drift.branch_episode(asked, wish, by)
    left = listed([one.path for one in done.left_out])
    body = f"Left out, because it looks like secrets: {left}." if left else done.waits
    title = f"Committed as {short(done.revision.sha)} and pushed to {done.branch}"
    return render.done(request, links.episode(asked), title, body)


def _kept(record: EpisodeRecord) -> tuple[KeptChange, ...]:
    """The paths, with as many diffs as fit on the page, and what became of them."""
    report = record.report or EpisodeReport()
    healed = {path: event for event in record.healed for path in event.data["healed"]}
    left, items = LETTERS, []
    for each in report.items[:SHOWN]:
        diff = each.item.diff
        fits = diff is None or len(diff) <= left
        left -= len(diff or "") if fits else 0
        found = f"changed between {exact(each.after)} and {exact(each.at)}" if each.after else f"found {exact(each.at)}"
        if later := healed.get(each.item.path):
            found += f", healed by {actor(later.data.get('by'))} {exact(later.at)}"
        items.append(KeptChange(each.item.path, each.item.change.value, (diff or "") if fits else None, found))
    return tuple(items)
