"""An environment, with everything that happened to it in one stream."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from fastapi import Request, Response

from app.domain.events import Event, EventType
from app.domain.events.environment_events import DriftEnded, HealthChanged
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
from app.web.rendering.plots import Axis, shared_axis
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router
from app.wording.event_words import drift_story
from app.wording.operation_words import sentence_case

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
    scale: Axis
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
    items = (*running, *_happenings(found.events, above.head.noun))
    address = links.environment(name)
    context = TimelineView(
        above.head,
        above.notices,
        days=tuple(_by_day(items, above.head.now.date())),
        shown=len(items),
        scale=shared_axis((item.operation for item in items), above.head.now),
        url=links.with_query(address, {"after": after}),
        first=address if after else "",
        next=links.with_query(address, {"after": found.next}) if found.next else "",
        pairs=() if after else queries.shadows.pairs(who, name),
        switched=next((told for one in found.switches if (told := of_event(one, above.head.noun)).link), None),
    )
    return show(request, "environments/timeline.html", context, ("timeline", "facts"))


def _unfinished(found: Timeline, active: Operation | None) -> tuple[Happening, ...]:
    running = [active] if active and active.phase is Phase.RUNNING else []
    return tuple(of_operation(one) for one in (*reversed(found.queued), *running) if not _unremarkable(one))


def _happenings(events: Sequence[tuple[Event, Operation | None]], noun: str) -> Iterator[Happening]:
    syncs = [one for _, one in events if one and one.kind is OperationKind.SYNC]
    shown_facts = {fact for one in syncs for fact in (one.id, one.revision)}
    episodes = _by_episode(event for event, _ in events)
    told = {event.operation for parts in episodes.values() for event in parts}
    for event, operation in events:
        if parts := episodes.get(_episode(event)):
            if event is parts[-1]:
                yield _drift(parts, noun)
        elif operation and operation.id in told and _is_told_by_drift(operation):
            continue
        elif operation and not _unremarkable(operation):
            yield of_operation(operation, f"event-{event.id}")
        elif event.type is not EventType.OPERATION_FINISHED and not _said_already(event, shown_facts):
            yield of_event(event, noun)


def _episode(event: Event) -> tuple[bool, int] | None:
    """Which drift an event tells of. Agents of older versions count episodes of their own."""
    number = getattr(event.fact, "episode", None)
    return (event.origin is not None and "episode" not in event.origin, number) if number else None


def _by_episode(events: Iterable[Event]) -> dict[tuple[bool, int] | None, list[Event]]:
    """The events of each episode of drift, oldest first."""
    found: dict[tuple[bool, int] | None, list[Event]] = {}
    for event in sorted(events, key=lambda each: each.id):
        if _episode(event):
            found.setdefault(_episode(event), []).append(event)
    return found


def _drift(parts: Sequence[Event], noun: str) -> Happening:
    """One drift as one line that grows, at the time of its newest part. What ended it is one click away."""
    line = of_event(parts[-1], noun)
    title, small = drift_story(parts, noun)
    ended_by = parts[-1].operation if isinstance(parts[-1].fact, DriftEnded) else None
    link = ("What ended it", f"/operations/{ended_by}") if ended_by else line.link
    return replace(line, title=title, revision=None, note=sentence_case(small), link=link)


def _is_told_by_drift(operation: Operation) -> bool:
    """Whether it found or healed a drift and did nothing else: the line of that drift says so."""
    return operation.kind is OperationKind.REFRESH or operation.outcome is Outcome.HEALED


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
