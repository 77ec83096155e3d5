"""An environment, with everything that happened to it in one stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import Request, Response

from app.domain.events import Event, EventType
from app.domain.events.environment_events import HealthChanged
from app.domain.events.source_events import RevisionNoticed
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Trigger
from app.domain.permissions import Permission
from app.domain.status import Health
from app.queries.comparisons.shadow_pairs import Pair
from app.queries.event_queries import Timeline
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.query_parameters import After, number
from app.web.rendering import links
from app.web.rendering.happenings import Happening, of_event, of_operation
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router

EVENTS = 40
router = page_router()


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """What happened on one day, newest first."""

    words: str
    items: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class TimelineView(Top):
    """The context of environments/timeline.html."""

    days: tuple[TimelineDay, ...]
    shown: int
    url: str
    first: str
    next: str
    pairs: tuple[Pair, ...]
    switched: Happening | None


@router.get("/environments/{name}", dependencies=[may(Permission.VIEW)])
def timeline(request: Request, queries: Reads, who: Who, name: str, after: After = "") -> Response:
    """The environment's page."""
    above = top(queries, who, name, "timeline")
    found = queries.events.timeline(who, name, EVENTS, number(after))
    running = () if after else _unfinished(found, above.head.active)
    items = (*running, *_happenings(found.events))
    address = links.environment(name)
    context = TimelineView(
        above.head,
        above.notices,
        days=tuple(_by_day(items, above.head.now.date())),
        shown=len(items),
        url=links.with_query(address, {"after": after}),
        first=address if after else "",
        next=links.with_query(address, {"after": found.next}) if found.next else "",
        pairs=() if after else queries.shadows.pairs(who, name),
        switched=next((shown_facts for shown_facts in map(of_event, found.switches) if shown_facts.link), None),
    )
    return show(request, "environments/timeline.html", context, ("timeline", "facts"))


def _unfinished(found: Timeline, active: Operation | None) -> tuple[Happening, ...]:
    running = [active] if active and active.phase is Phase.RUNNING else []
    return tuple(of_operation(one) for one in (*reversed(found.queued), *running) if not _unremarkable(one))


def _happenings(events: Sequence[tuple[Event, Operation | None]]) -> Iterator[Happening]:
    syncs = [one for _, one in events if one and one.kind is OperationKind.SYNC]
    shown_facts = {fact for one in syncs for fact in (one.id, one.revision)}
    for event, operation in events:
        if operation and not _unremarkable(operation):
            yield of_operation(operation, f"event-{event.id}")
        elif event.type is not EventType.OPERATION_FINISHED and not _said_already(event, shown_facts):
            yield of_event(event)


def _unremarkable(operation: Operation) -> bool:
    """Whether the operation is a scheduled refresh, whose result has an event of its own."""
    plain = operation.outcome in (None, Outcome.COMPARED, Outcome.OUT_OF_SYNC) and operation.phase is not Phase.ERROR
    return operation.kind is OperationKind.REFRESH and operation.trigger is Trigger.SCHEDULE and plain


def _said_already(event: Event, shown_facts: Collection[str | None]) -> bool:
    """Whether a delivery in the timeline shows the same: its new commit, or the health that followed from it."""
    fact = event.fact
    if isinstance(fact, RevisionNoticed):
        return fact.revision in shown_facts
    return isinstance(fact, HealthChanged) and (fact.before == Health.UNKNOWN or event.operation in shown_facts)


def _by_day(items: Sequence[Happening], today: date) -> Iterator[TimelineDay]:
    gathered: list[Happening] = []
    for item in items:
        if gathered and _day(item.at) != _day(gathered[0].at):
            yield TimelineDay(_words(_day(gathered[0].at), today), tuple(gathered))
            gathered = []
        gathered.append(item)
    if gathered:
        yield TimelineDay(_words(_day(gathered[0].at), today), tuple(gathered))


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _words(day: date | None, today: date) -> str:
    if day is None or day == today:
        return "Today"
    return "Yesterday" if day == today - timedelta(days=1) else f"{day:%A, %-d %B %Y}"
