"""The drift view: the drifted paths of the target, and the three answers to drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from http import HTTPStatus

from fastapi import Response

from app.domain.events import Event
from app.domain.permissions import Permission
from app.domain.state.drift import DriftReport, Episode
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.query_parameters import After, number
from app.web.rendering import links
from app.web.requests.permission_check import may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.quantities import plural, secrets_in_words

SHOWN = 40
LETTERS = 40_000
EPISODES = 20
PATTERNS = 6
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
class TypedAnswer:
    """What a refused form held. `answer`: "heal", "write_back" or "ignore"; `paths`: what was ticked."""

    answer: str = ""
    paths: tuple[str, ...] = ()
    path: str = ""
    reason: str = ""
    until: str = ""
    branch: str = ""
    message: str = ""


NOTHING_TYPED = TypedAnswer()


@dataclass(frozen=True, slots=True)
class EnvironmentDriftView(Top):
    """The context of environments/drift.html. `presets`: (rule, words, note); `waiting`: written back so far."""

    items: tuple[DriftedPath, ...]
    more: int
    presets: tuple[tuple[str, str, str], ...]
    typed: TypedAnswer
    errors: Mapping[str, str]
    waiting: tuple[Event, ...]
    ignored: tuple[str, ...]
    unmanaged: tuple[str, ...]
    unmanaged_count: int
    episodes: tuple[Episode, ...]
    branch: str
    url: str
    first: str
    next: str


@router.get("/environments/{name}/drift", dependencies=[may(Permission.READ_DIFFS)])
def drift(visit: Visiting, name: str, after: After = "") -> Response:
    """The environment's drift."""
    return drift_page(visit, name, after)


def drift_page(
    visit: Visit,
    name: str,
    after: str = "",
    typed: TypedAnswer = NOTHING_TYPED,
    errors: Mapping[str, str] | None = None,
) -> Response:
    """The page of an environment's drift; with `errors` the answer that was refused is open."""
    queries, who = visit.queries, visit.who
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
        presets=presets([item.path for item in items]),
        typed=typed,
        errors=errors or {},
        waiting=queries.drift.episode(who, report.episode).written_back if count and report.episode else (),
        ignored=report.ignored,
        unmanaged=report.unmanaged,
        unmanaged_count=report.unmanaged_count,
        episodes=page.items,
        branch=f"drift/{name}-{report.episode}" if report.episode else f"drift/{name}",
        url=links.with_query(here, {"after": after}),
        first=here if after else "",
        next=links.with_query(here, {"after": page.next}) if page.next else "",
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return show(visit.request, "environments/drift.html", context, ("drift",), status)


def presets(paths: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Ignore rules to choose from, each with what it accepts of the drifted paths: themselves, folders, endings."""
    folders = Counter(path.rpartition("/")[0] + "/*" for path in paths if "/" in path)
    endings = Counter(f"*.{path.rpartition('.')[2]}" for path in paths if "." in path.rpartition("/")[2])
    common = {**folders, **{pattern: count for pattern, count in endings.items() if count > 1}}
    most = sorted(common.items(), key=lambda one: (-one[1], one[0]))[:PATTERNS]
    patterns = [
        (pattern, pattern, f"{plural(count, 'of these', 'of these')}, and others like it") for pattern, count in most
    ]
    return (*((escape(path), path, "") for path in paths), *patterns)


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
