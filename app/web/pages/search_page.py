"""One search for environments, revisions, operations, pages and what can be done; a page of its own, and the list that
drops from the search box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import Response

from app.domain.environment import Environment
from app.domain.errors import OperationNotFound
from app.domain.operation import Operation
from app.domain.permissions import Permission
from app.ports import EnvironmentFilter, OperationFilter
from app.web.pages.query_parameters import Word, clean, split_search
from app.web.rendering import links, render
from app.web.rendering.happenings import appearance
from app.web.requests.permission_check import may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.operation_words import summary
from app.wording.quantities import plural
from app.wording.short_names import repository, short
from app.wording.times import relative

HITS = 8
SHA = re.compile(r"[0-9a-f]{4,64}\Z")
ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}\Z")
PAGES = (
    ("Overview", "/", "overview", "environments fleet home"),
    ("Operations", "/operations", "operations", "deliveries refreshes runs"),
    ("Drift", "/drift", "wave", "changed"),
    ("Compare push and pull", "/compare", "compare", "comparison figures lead time"),
    ("Agents", "/agents", "agent", "enroll enrol hosts"),
    ("Audit", "/audit", "chain", "log who"),
    ("Settings", "/settings", "settings", "password version"),
    ("API tokens", "/settings/tokens", "key", "new token"),
    ("Credentials", "/settings/credentials", "key", "new credential ssh secrets"),
    ("Add environment", "/environments/new", "plus", "register new create"),
)  # (title, address, icon, other words)
DEEDS = (
    (("roll", "rollback", "revert"), "Roll back {}", "rollback", "rollback"),
    (("deliver", "deploy", "sync", "refresh", "hold", "resume"), "Deliver, refresh or hold {}", "", "sync"),
    (("drift", "heal", "ignore"), "Drift of {}", "drift", "wave"),
    (("history", "revisions"), "History of {}", "history", "commit"),
    (("pipeline", "webhook"), "Pipeline of {}", "pipeline", "webhook"),
    (("settings", "edit", "switch", "delete"), "Settings of {}", "settings", "settings"),
)  # (words, title, view of the environment, icon)
FILLING = frozenset({"back", "to", "of", "the", "in"})
router = page_router()


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. `detail` says in a few words what it is or how it stands."""

    title: str
    detail: str
    href: str
    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind."""

    title: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The context of search.html."""

    q: str
    found: tuple[HitGroup, ...]


@router.get("/search", dependencies=[may(Permission.VIEW)])
def search(visit: Visiting, q: Word = "") -> Response:
    """What fits some words: names, labels, beginnings of revisions, ids of operations, pages, and deeds with a name."""
    words = " ".join(clean(q).split())
    found = tuple(group for group in _found(visit, words) if group.hits) if words else ()
    return render.page(visit.request, "search.html", SearchPage(words, found), nav="search", regions=("found",))


def _found(visit: Visit, words: str) -> Iterator[HitGroup]:
    environments, operations = _environments(visit, words), _operations(visit, words)
    yield HitGroup("What can be done", tuple(_deeds(visit, words)))
    yield HitGroup("Environments", tuple(_environment(one) for one in environments))
    yield HitGroup("Revisions", tuple(_revisions(operations)))
    yield HitGroup("Operations", tuple(_operation(one) for one in operations))
    yield HitGroup("Pages", tuple(_pages(words)))


def _environments(visit: Visit, words: str) -> Sequence[Environment]:
    text, labels = split_search(words)
    queries = visit.queries
    page = queries.environments.page(visit.who, EnvironmentFilter(text, labels=labels), queries.now(), HITS, None)
    found = [row.environment for row in page.items]
    return sorted(found, key=lambda one: (one.name != text, not one.name.startswith(text)))


def _environment(one: Environment) -> Hit:
    live = f"{short(one.status.revision)} {one.status.subject}" if one.status.revision else "nothing is live yet"
    return Hit(
        one.name, f"{one.mode.value}, {repository(one.source.repo_url)}, {live}", links.environment(one.name), "target"
    )


def _operations(visit: Visit, words: str) -> Sequence[Operation]:
    """Operations of a revision that begins so, or the one of that id."""
    queries = visit.queries.operations
    if SHA.match(words.lower()):
        return queries.page(visit.who, OperationFilter(revision=words.lower()), HITS, None).items
    if ULID.match(words.upper()):
        try:
            return [queries.record(visit.who, words.upper()).operation]
        except OperationNotFound:
            return ()
    return ()


def _operation(one: Operation) -> Hit:
    tone, icon = appearance(one)
    when = relative(one.finished_at or one.started_at or one.created_at)
    return Hit(f"{summary(one)} in {one.environment}", when, f"/operations/{one.id}", icon, tone)


def _revisions(operations: Sequence[Operation]) -> Iterator[Hit]:
    known: dict[str, list[Operation]] = {}
    for one in operations:
        known.setdefault(one.revision or "", []).append(one)
    for sha, of in known.items():
        if sha:
            places = sorted({one.environment for one in of})
            where = places[0] if len(places) == 1 else plural(len(places), "environment")
            yield Hit(f"{short(sha)} {of[0].subject}".strip(), where, f"/operations?revision={sha}", "commit")


def _deeds(visit: Visit, words: str) -> Iterator[Hit]:
    """ "roll back shop": a deed's word, and part of an environment's name."""
    parts = words.lower().split()
    for verbs, title, view, icon in DEEDS:
        said = [part for part in parts if any(verb.startswith(part) for verb in verbs) and len(part) > 2]
        rest = " ".join(part for part in parts if part not in said and part not in FILLING)
        if said and rest:
            for one in _environments(visit, rest)[:3]:
                yield Hit(title.format(one.name), "", links.environment(one.name, *filter(None, (view,))), icon)


def _pages(words: str) -> Iterator[Hit]:
    parts = words.lower().split()
    for title, href, icon, others in PAGES:
        known = f"{title} {others}".lower().split()
        if all(any(word.startswith(part) for word in known) for part in parts):
            yield Hit(title, "", href, icon)
