"""Events, appended only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from app.domain.events import Event, EventType, NewEvent
from app.store import tables
from app.store.rows import readable

ev = tables.events
_INSERT = insert(ev)  # built once: building it takes longer than running it


class SqlLedger:
    """Implements the port Ledger."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def append(self, at: datetime, events: Iterable[NewEvent]) -> tuple[Event, ...]:
        return tuple(self._append(at, event) for event in events)

    def _append(self, at: datetime, one: NewEvent) -> Event:
        plain: dict[str, Any] = {name: getattr(one, name) for name in ("environment", "environment_id", "operation")}
        plain |= {"reason": one.fact.reason, "data": dict(one.fact.data), "origin": one.origin}
        values = {**plain, "at": at, "type": one.type.value}
        id = self._db.execute(_INSERT, values).inserted_primary_key[0]  # type: ignore[index]
        return Event(one.type, **plain, id=id, at=at)

    def page(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        environment_id: int | None = None,
        operation: str | None = None,
        types: Collection[EventType] = (),
        newest_first: bool = False,
        before: int | None = None,
    ) -> tuple[Event, ...]:
        query = select(ev).limit(limit)
        if environment_id is not None:
            query = query.where(ev.c.environment_id == environment_id)
        if operation is not None:
            query = query.where(ev.c.operation == operation)
        if types:
            query = query.where(ev.c.type.in_([one.value for one in types]))
        if before is not None:
            query = query.where(ev.c.id < before)
        query = query.where(ev.c.id > after) if after else query
        query = query.order_by(ev.c.id.desc() if newest_first or before is not None else ev.c.id)
        return readable(self._db.execute(query), _read, "events")

    def last_id(self) -> int:
        return self._db.execute(select(func.max(ev.c.id))).scalar() or 0


def _read(row: Any) -> Event:
    return Event(
        EventType(row.type),
        row.environment,
        row.environment_id,
        row.operation,
        row.reason,
        row.data,
        row.origin,
        id=row.id,
        at=row.at,
    )
