"""Operations: a page of them, and one with its log and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.events import Event, EventType
from app.domain.identity import Identity
from app.domain.operation import Operation
from app.ports import OperationFilter, Page, Ports, Transaction

LINES = 500  # of an operation's log


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """An operation and its log, oldest first."""

    operation: Operation
    log: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class OperationContext:
    """An operation between the one before and the one after it in the same environment."""

    record: OperationRecord
    before: Operation | None
    after: Operation | None


class OperationQueries:
    """Reads operations."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def page(self, identity: Identity, where: OperationFilter, limit: int, after: str | None) -> Page[Operation]:
        """Operations, newest first."""
        with self._store.read() as tx:
            return tx.operations.page(where, limit, after)

    def record(self, identity: Identity, id: str) -> OperationRecord:
        """One operation with its log. Raises OperationNotFound."""
        with self._store.read() as tx:
            return _record(tx, id)

    def context(self, identity: Identity, id: str) -> OperationContext:
        """One operation with its log and its neighbours. Raises OperationNotFound."""
        with self._store.read() as tx:
            found = _record(tx, id)
            return OperationContext(found, *_neighbours(tx, found.operation, found.log))


def _record(tx: Transaction, id: str) -> OperationRecord:
    return OperationRecord(tx.operations.get(id), tx.ledger.page(operation=id, limit=LINES))


def _neighbours(tx: Transaction, one: Operation, events: Sequence[Event]) -> tuple[Operation | None, Operation | None]:
    where = OperationFilter(environment_id=one.environment_id)
    earlier = tx.operations.page(where, 1, one.id).items
    queued = (EventType.OPERATION_QUEUED,)
    start = events[0].id if events else tx.ledger.last_id()
    later = tx.ledger.page(start, 1, environment_id=one.environment_id, types=queued)
    after = tx.operations.get(later[0].operation) if later and later[0].operation else None
    return earlier[0] if earlier else None, after
