"""The overview of all environments, those with problems first; the first-start page while there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Response

from app.comparison import ComparisonAnswer, answer_of
from app.domain.environment import Environment
from app.domain.external import title_of
from app.domain.need_reasons import need_at
from app.domain.permissions import Permission
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.status import Divergence, SyncStatus
from app.ports import EnvironmentFilter, EnvironmentRow, Page, Tally
from app.web.pages.environments.forms import environment_form as forms
from app.web.pages.environments.forms.environment_form import Form
from app.web.pages.query_parameters import PAGE, After, Word, clean, split_search, tidied
from app.web.rendering import links, render
from app.web.requests.permission_check import may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.needs_words import Need, RowSign, kept_back, need_of, signs_of
from app.wording.quantities import agree, listed, plural
from app.wording.short_names import short

OTHERS = "Delivered by others"
REGIONS = ("environments", "summary")
router = page_router()


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """An environment as a row of the table. `calm`: it is OutOfSync, but needs no person."""

    environment: Environment
    sync: SyncStatus
    calm: bool
    signs: tuple[RowSign, ...]
    days: tuple[tuple[int, int, bool], ...]

    @property
    def system(self) -> str:
        """Who delivers in our place; "" where we do."""
        return title_of(self.environment.external.system) if self.environment.external else ""

    @property
    def mark(self) -> str:
        """What flashes when it changes."""
        return " ".join((short(self.environment.status.revision), self.sync, *(sign.label for sign in self.signs)))


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together under a heading."""

    title: str
    tone: str
    rows: tuple[OverviewRow, ...]


@dataclass(frozen=True, slots=True)
class OverviewFilters:
    """The table's filters, as written in the address."""

    q: str = ""
    mode: str = ""
    sync: str = ""
    health: str = ""
    need: str = ""

    @property
    def any(self) -> bool:
        """Whether any filter is set."""
        return any((self.q, self.mode, self.sync, self.health, self.need))

    def url(self, after: str = "") -> str:
        """The overview's address with these filters."""
        filters = {"q": self.q, "mode": self.mode, "sync": self.sync, "health": self.health, "need": self.need}
        return links.with_query("/", {**filters, "after": after})


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """The context of overview/index.html."""

    headline: str
    lede: str
    kept_back: str
    troubles: tuple[str, ...]
    tally: Tally
    needs: tuple[Need, ...]
    more_needs: int
    answer: ComparisonAnswer | None
    groups: tuple[Group, ...]
    shown: int
    filters: OverviewFilters
    url: str
    first: str
    next: str


@dataclass(frozen=True, slots=True)
class FirstStartPage:
    """The context of overview/start.html."""

    form: Form


@router.get("/", dependencies=[may(Permission.VIEW)])
def overview(
    visit: Visiting,
    q: Word = "",
    mode: Word = "",
    sync: Word = "",
    health: Word = "",
    need: Word = "",
    after: After = "",
) -> Response:
    """The overview, with the environments that need a person first."""
    if tidy := tidied(visit.request):
        return tidy
    filters = OverviewFilters(*(clean(text) for text in (q, mode, sync, health, need)))
    seen = visit.queries.environments.overview(visit.who, _where(filters), PAGE, clean(after) or None)
    tally, found = seen.tally, seen.page
    if tally.total == 0 and not filters.any:
        return _start(visit)
    kinds = visit.queries.targets.kinds()
    reasons = (need_of(one, seen.now, kinds, episode) for one, episode in seen.needy)
    needs = tuple(need for need in reasons if need)
    latest = visit.queries.headlines.latest(visit.who)
    context = OverviewPage(
        headline=headline(tally),
        lede=lede(tally),
        kept_back=kept_back(seen.holds, seen.now),
        troubles=troubles(visit.request.app.state.troubles()),
        tally=tally,
        needs=needs,
        more_needs=tally.need - len(needs),
        answer=answer_of(latest) if latest else None,
        groups=groups(found, seen.now, kinds, whole=not after and found.next is None),
        shown=len(found.items),
        filters=filters,
        url=filters.url(after),
        first=filters.url() if after else "",
        next=filters.url(found.next) if found.next else "",
    )
    return render.page(visit.request, "overview/index.html", context, nav="overview", regions=REGIONS)


def _start(visit: Visit) -> Response:
    context = FirstStartPage(forms.form(visit, forms.fresh(visit.queries.targets.kinds())))
    return render.page(visit.request, "overview/start.html", context, nav="overview")


def _where(filters: OverviewFilters) -> EnvironmentFilter:
    search, labels = split_search(filters.q)
    return EnvironmentFilter(search, filters.mode, filters.sync, filters.health, filters.need == "1", labels)


def headline(tally: Tally) -> str:
    """The overall state in one line."""
    if not tally.need:
        return "Nothing needs you"
    if tally.total == 1:
        return "Your environment needs you"
    return f"{tally.need:,} of {tally.total:,} environments {agree(tally.need, 'needs', 'need')} you"


def lede(tally: Tally) -> str:
    """The state of all environments in one sentence, when none needs a person."""
    words = {SyncStatus.OUT_OF_SYNC: "waiting for a delivery", SyncStatus.UNKNOWN: "not compared yet"}
    known = [(tally.by_sync.get(one.value, 0), words.get(one, one.value)) for one in SyncStatus]
    parts = [f"{count:,} {word}" for count, word in known if count]
    return f"{plural(tally.total, 'environment')}: {listed(parts)}."


def troubles(found: Mapping[str, str]) -> tuple[str, ...]:
    """What PushPull itself fails to do at present, one sentence each."""
    named = {
        "poll": "Looking at a repository",
        "polls": "Arranging the polls",
        "refreshes": "Asking for refreshes",
        "holds": "Ending expired holds",
        "deliveries": "Acting on webhook deliveries",
        "commands": "Ending agents' commands",
        "agents": "Watching the agents",
        "lost": "Looking for interrupted operations",
        "checkpoints": "Signing the audit log",
    }
    return tuple(f"{named.get(tick, tick)} {why}." for tick, why in found.items())


def groups(page: Page[EnvironmentRow], now: datetime, kinds: KindCatalogue, *, whole: bool) -> tuple[Group, ...]:
    """Rows under headings. Only where the whole list is on one page are those that need nobody told apart."""
    buckets: dict[str, list[OverviewRow]] = {}
    for one in page.items:
        row = _row(one, now, kinds)
        buckets.setdefault(_bucket(row, now, fine=whole), []).append(row)
    order = (
        "Need you",
        "On their way",
        "Waiting for a pipeline or you",
        "Held",
        "Not compared yet",
        "Fine",
        OTHERS,
        "Others",
    )
    return tuple(
        Group(title, _tone(buckets[title]) if title == "Need you" else "", tuple(buckets[title]))
        for title in order
        if title in buckets
    )


def _tone(rows: Sequence[OverviewRow]) -> str:
    """Red is for what is broken; drift and silence are amber."""
    broken = any(row.environment.status.failed or row.environment.status.unwell for row in rows)
    return "bad" if broken else "warn"


def _row(one: EnvironmentRow, now: datetime, kinds: KindCatalogue) -> OverviewRow:
    environment = one.environment
    moving = environment.status.divergence is not Divergence.DRIFT
    sync, health = environment.sync_at(now), environment.health_at(now)
    signs = signs_of(environment, health, kinds.nouns(environment.target)[0])
    return OverviewRow(environment, sync, moving, signs, one.days)


def _bucket(row: OverviewRow, now: datetime, *, fine: bool) -> str:
    environment = row.environment
    if need_at(environment, now):
        return "Need you"
    if not fine:
        return "Others"
    if environment.external:
        return OTHERS
    if environment.hold:
        return "Held"
    if environment.status.operation or (row.sync is SyncStatus.OUT_OF_SYNC and environment.policy.auto_sync):
        return "On their way"
    if row.sync is SyncStatus.OUT_OF_SYNC:
        return "Waiting for a pipeline or you"
    return "Not compared yet" if row.sync is SyncStatus.UNKNOWN else "Fine"
