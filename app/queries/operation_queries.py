"""Operations: a page of them, and one with its log and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from app.domain.environment import TargetSpec
from app.domain.errors import EnvironmentNotFound
from app.domain.events import Event, EventType
from app.domain.identity import Identity
from app.domain.operation import Operation
from app.ports import OperationFilter, Page, Ports, Transaction
from app.queries.visibility import visible_environment

LINES = 500  # of an operation's log


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """An operation and the last lines of its log, oldest first. `earlier`: there are lines before them."""

    operation: Operation
    log: tuple[Event, ...]
    earlier: bool


@dataclass(frozen=True, slots=True)
class OperationContext:
    """An operation between the one before and the one after it in the same environment."""

    record: OperationRecord
    before: Operation | None
    after: Operation | None


class OperationQueries:
    """Reads operations."""

    def __init__(self, ports: Ports) -> None:
        self._store, self._targets = ports.store, ports.targets

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
            return OperationContext(found, *_neighbours(tx, found.operation))

    def repositories(self, identity: Identity, operations: Iterable[Operation]) -> Mapping[str, str]:
        """{environment: the address of its repository} of operations, where the environment still exists."""
        found: dict[str, str] = {}
        with self._store.read() as tx:
            for name in {one.environment for one in operations}:
                with suppress(EnvironmentNotFound):
                    found[name] = visible_environment(tx, identity, name).source.repo_url
        return found

    def nouns(self, identity: Identity, operation: Operation) -> tuple[str, str]:
        """One and many of what an operation works on; that of files where its environment is gone."""
        try:
            with self._store.read() as tx:
                spec = visible_environment(tx, identity, operation.environment).target
        except EnvironmentNotFound:
            spec = TargetSpec("")
        return self._targets.kinds().nouns(spec)


def _record(tx: Transaction, id: str) -> OperationRecord:
    log = tx.ledger.page(operation=id, limit=LINES + 1, newest_first=True)[::-1]
    return OperationRecord(tx.operations.get(id), log[-LINES:], len(log) > LINES)


def _neighbours(tx: Transaction, one: Operation) -> tuple[Operation | None, Operation | None]:
    where = OperationFilter(environment_id=one.environment_id)
    earlier = tx.operations.page(where, 1, one.id).items
    queued = (EventType.OPERATION_QUEUED,)
    first = tx.ledger.page(operation=one.id, limit=1)
    start = first[0].id if first else tx.ledger.last_id()
    later = tx.ledger.page(start, 1, environment_id=one.environment_id, types=queued)
    after = tx.operations.get(later[0].operation) if later and later[0].operation else None
    return earlier[0] if earlier else None, after
