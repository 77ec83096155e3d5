"""An environment, with everything that happened to it in one stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import Request, Response

from app.domain.environment import RunsOn
from app.domain.errors import OperationNotFound
from app.domain.events import Event, EventType
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Trigger
from app.ports import Transaction
from app.services.environments.shadow_pairs import Pair
from app.web.pages.environments.header import REGION, Head, head
from app.web.pages.environments.notices import Notice, notices
from app.web.pages.query_parameters import After, number
from app.web.rendering import links, render
from app.web.rendering.happenings import Happening, of_event, of_operation
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import Visitor

EVENTS = 40
QUIET = frozenset({
    EventType.OPERATION_QUEUED, EventType.OPERATION_STARTED, EventType.OPERATION_STAGE, EventType.OPERATION_LOG,
    EventType.STATUS_CHANGED, EventType.WEBHOOK_RECEIVED,
})  # fmt: skip
OF_SOURCE = (EventType.SOURCE_FAILED, EventType.SOURCE_RECOVERED)
OF_SOURCES = 500  # such events of all repositories, among which this one's are looked for
TYPES = tuple(one for one in EventType if one not in QUIET)
router = page_router()


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """What happened on one day, newest first."""

    words: str
    items: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What environments/timeline.html gets."""

    head: Head
    notices: tuple[Notice, ...]
    days: tuple[TimelineDay, ...]
    shown: int
    url: str
    first: str
    next: str
    pairs: tuple[Pair, ...]
    switched: Happening | None


@router.get("/environments/{name}")
def timeline(request: Request, use_cases: Cases, name: str, _: Visitor, after: After = "") -> Response:
    """The environment's page."""
    top = head(use_cases, name, "timeline")
    with use_cases.ports.store.read() as tx:
        before = number(after)
        events = tx.ledger.page(
            limit=EVENTS + 1, environment_id=top.environment.id, types=TYPES, newest_first=True, before=before
        )
        shown = _with_source(tx, top, events[:EVENTS], before)
        running = () if after else _unfinished(tx, top)
        items = (*running, *_happenings(tx, shown))
        switched = _switched(tx, top)
    address = links.environment(name)
    context = TimelineView(
        head=top,
        notices=notices(top),
        days=tuple(_by_day(items, top.now.date())),
        shown=len(items),
        url=links.with_query(address, {"after": after}),
        first=address if after else "",
        next=links.with_query(address, {"after": events[EVENTS - 1].id}) if len(events) > EVENTS else "",
        pairs=() if after else use_cases.shadowing.pairs(name),
        switched=switched,
    )
    return render.page(
        request, "environments/timeline.html", context, nav="overview", regions=(REGION, "timeline", "facts")
    )


def _with_source(tx: Transaction, top: Head, events: Sequence[Event], before: int | None) -> Sequence[Event]:
    """The events of a page with what befell the repository in the same time, told once for all its environments."""
    if not events or top.environment.runs_on is RunsOn.AGENT:
        return events
    found = tx.ledger.page(events[-1].id, OF_SOURCES, types=OF_SOURCE, newest_first=True, before=before)
    url = top.environment.source.repo_url
    ours = [one for one in found if one.environment_id is None and one.data.get("repo_url") == url]
    return sorted((*events, *ours), key=lambda one: one.id, reverse=True)


def _switched(tx: Transaction, top: Head) -> Happening | None:
    """The latest switch between push and pull."""
    types = (EventType.ENVIRONMENT_SWITCHED,)
    found = tx.ledger.page(limit=EVENTS, environment_id=top.environment.id, types=types, newest_first=True)
    return next((told for told in map(of_event, found) if told.link), None)


def _unfinished(tx: Transaction, top: Head) -> tuple[Happening, ...]:
    waiting = tx.operations.queued(top.environment.id)
    running = [top.active] if top.active and top.active.phase is Phase.RUNNING else []
    return tuple(of_operation(one) for one in (*reversed(waiting), *running) if not _unremarkable(one))


def _happenings(tx: Transaction, events: Sequence[Event]) -> Iterator[Happening]:
    ended = {event.id: _operation(tx, event) for event in events if event.type is EventType.OPERATION_FINISHED}
    syncs = [one for one in ended.values() if one and one.kind is OperationKind.SYNC]
    told = {fact for one in syncs for fact in (one.id, one.revision)}
    for event in events:
        operation = ended.get(event.id)
        if operation and not _unremarkable(operation):
            yield of_operation(operation, f"event-{event.id}")
        elif event.id not in ended and not _said_already(event, told):
            yield of_event(event)


def _operation(tx: Transaction, event: Event) -> Operation | None:
    try:
        return tx.operations.get(event.operation or "")
    except OperationNotFound:
        return None


def _unremarkable(operation: Operation) -> bool:
    """A scheduled comparison: what it found is told by an event of its own."""
    plain = operation.outcome in (None, Outcome.COMPARED, Outcome.OUT_OF_SYNC) and operation.phase is not Phase.ERROR
    return operation.kind is OperationKind.REFRESH and operation.trigger is Trigger.SCHEDULE and plain


def _said_already(event: Event, told: Collection[str | None]) -> bool:
    """Whether a delivery beside it tells the same: its commit was noticed first, and health follows from it."""
    if event.type is EventType.REVISION_NOTICED:
        return event.data.get("revision") in told
    first = event.data.get("from") == "Unknown"
    return event.type is EventType.HEALTH_CHANGED and (first or event.operation in told)


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
