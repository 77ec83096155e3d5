"""The ledger: events as scripts follow them, and as an environment's timeline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.domain.environment import Environment, RunsOn
from app.domain.errors import OperationNotFound
from app.domain.events import Event, EventType
from app.domain.events.source_events import SourceFailed, SourceRecovered
from app.domain.identity import Identity
from app.domain.operation import Operation
from app.ports import Ports, Transaction
from app.queries.visibility import visible_environment

QUIET = frozenset({
    EventType.OPERATION_QUEUED, EventType.OPERATION_STARTED, EventType.OPERATION_STAGE, EventType.OPERATION_LOG,
    EventType.STATUS_CHANGED, EventType.WEBHOOK_RECEIVED,
})  # fmt: skip
TYPES = tuple(one for one in EventType if one not in QUIET)
OF_SOURCE = (EventType.SOURCE_FAILED, EventType.SOURCE_RECOVERED)
OF_SOURCES = 500  # such events of all repositories, among which this one's are looked for


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened to an environment, newest first, each event that ended an operation with it (None where it is
    gone); what waits there, oldest first; the latest switches. `next`: the event to go on before, None at the end."""

    events: tuple[tuple[Event, Operation | None], ...]
    queued: tuple[Operation, ...]
    switches: tuple[Event, ...]
    next: int | None


class EventQueries:
    """Reads the ledger."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def last_id(self, identity: Identity) -> int:
        """The id of the newest event, 0 where there is none."""
        with self._store.read() as tx:
            return tx.ledger.last_id()

    def after(
        self,
        identity: Identity,
        id: int,
        limit: int,
        *,
        environment: str = "",
        operation: str | None = None,
        types: Collection[EventType] = (),
        newest: bool = False,
    ) -> tuple[Event, ...]:
        """Events behind an id, oldest first; of more than `limit` the oldest, or the newest. Raises
        EnvironmentNotFound."""
        with self._store.read() as tx:
            of = visible_environment(tx, identity, environment).id if environment else None
            found = tx.ledger.page(id, limit, environment_id=of, operation=operation, types=types, newest_first=newest)
            return found[::-1] if newest else found

    def timeline(self, identity: Identity, name: str, limit: int, before: int | None) -> Timeline:
        """What happened to an environment before an event (None: up to now). Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            one = visible_environment(tx, identity, name)
            events = tx.ledger.page(
                limit=limit + 1, environment_id=one.id, types=TYPES, newest_first=True, before=before
            )
            shown = _with_source(tx, one, events[:limit], before)
            switched = (EventType.ENVIRONMENT_SWITCHED,)
            return Timeline(
                tuple((event, ended_operation(tx, event)) for event in shown),
                tx.operations.queued(one.id),
                tx.ledger.page(limit=limit, environment_id=one.id, types=switched, newest_first=True),
                events[limit - 1].id if len(events) > limit else None,
            )


def _with_source(tx: Transaction, one: Environment, events: Sequence[Event], before: int | None) -> Sequence[Event]:
    """The events of a page with what befell the repository in the same time, told once for all its environments."""
    if not events or one.runs_on is RunsOn.AGENT:
        return events
    found = tx.ledger.page(events[-1].id, OF_SOURCES, types=OF_SOURCE, newest_first=True, before=before)
    url = one.source.repo_url
    ours = [event for event in found if event.environment_id is None and _repository(event) == url]
    return sorted((*events, *ours), key=lambda event: event.id, reverse=True)


def ended_operation(tx: Transaction, event: Event) -> Operation | None:
    """The operation that ended with an event; None where it was another event, or the operation is gone."""
    if event.type is not EventType.OPERATION_FINISHED:
        return None
    try:
        return tx.operations.get(event.operation or "")
    except OperationNotFound:
        return None


def _repository(event: Event) -> str:
    """The repository that an event is about, "" for any other."""
    fact = event.fact
    return fact.repo_url if isinstance(fact, SourceFailed | SourceRecovered) else ""
