"""The queue that needs no engine: the operations themselves, in their phase queued, are its entries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from app.domain.environment import RunsOn
from app.domain.errors import Problem
from app.domain.operation import Operation, Phase
from app.store import tables
from app.store.repositories.operation_repository import read_operation
from app.store.rows import log, readable, sound

ops, env = tables.operations, tables.environments
_other = ops.alias()
_BUSY = exists().where(_other.c.environment_id == ops.c.environment_id, _other.c.phase == "running")
_OURS = exists().where(env.c.id == ops.c.environment_id, env.c.runs_on == bindparam("here"))
_WELL = env.c.failures == 0


def _take(*which: ColumnElement[bool]) -> ReturningUpdate[Any]:
    """Mark the next operation of ours running; those of environments that are not well come last."""
    first = (
        select(ops.c.id)
        .join(env, env.c.id == ops.c.environment_id)
        .where(ops.c.phase == "queued", ~_BUSY, env.c.runs_on == bindparam("here"), *which)
        .order_by(~_WELL, ops.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=ops)
    )
    return (
        update(ops)
        .where(ops.c.id == first.scalar_subquery(), ops.c.phase == "queued")
        .values(phase="running", worker=bindparam("by"), started_at=bindparam("now"), heartbeat_at=bindparam("now"))
        .returning(ops)
    )


_TAKE, _TAKE_WELL = _take(), _take(_WELL)


class EmbeddedQueue:
    """Implements the port WorkQueue. A partial unique index allows one running operation per environment."""

    def __init__(
        self, connection: Connection, here: RunsOn, claimed: Callable[[Operation], object] = lambda operation: None
    ) -> None:
        """`here`: an agent's operations are its own business, and a server's are none of an agent's. `claimed`: called
        with each operation that a worker takes, in the same transaction."""
        self._db, self._here, self._claimed = connection, here, claimed

    def put(self, operation: Operation) -> None:  # its row is the entry
        pass

    def claim(self, worker: str, now: datetime, *, well_only: bool = False) -> Operation | None:
        statement = _TAKE_WELL if well_only else _TAKE
        try:
            with self._alone():
                row = self._db.execute(statement, {"here": self._here.value, "by": worker, "now": now}).first()
        except IntegrityError:  # another worker took one of the same environment in this instant
            return None
        return self._read(row, now) if row else None

    def _alone(self) -> AbstractContextManager[object]:
        """On SQLite nobody else writes meanwhile; elsewhere a claim that another worker was quicker with is undone."""
        return nullcontext() if self._db.dialect.name == "sqlite" else self._db.begin_nested()

    def _read(self, row: Any, now: datetime) -> Operation | None:
        """The claimed operation. One that cannot be read is ended, else it would stay the oldest one for ever."""
        try:
            operation = read_operation(sound(row))
        except (Problem, ValueError, TypeError, KeyError, AttributeError) as error:
            log.error("an operation cannot be read and is ended", extra={"id": row.id, "problem": type(error).__name__})
            ended = {"phase": Phase.ERROR.value, "finished_at": now, "reason": "its record cannot be read"}
            self._db.execute(update(ops).where(ops.c.id == row.id).values(ended))
            return None
        self._claimed(operation)
        return operation

    def renew(self, id: str, worker: str, now: datetime) -> bool:
        mine = (ops.c.id == id) & (ops.c.worker == worker) & (ops.c.phase == "running")
        done = self._db.execute(update(ops).where(mine, ops.c.termination_by.is_(None)).values(heartbeat_at=now))
        return bool(done.rowcount)

    def abandoned(self, before: datetime, except_worker: str | None) -> tuple[Operation, ...]:
        query = select(ops).where(ops.c.phase == "running", ops.c.heartbeat_at < before, _OURS)
        if except_worker:
            query = query.where(ops.c.worker != except_worker)
        return readable(self._db.execute(query, {"here": self._here.value}), read_operation, "operations")

    def remove(self, id: str) -> None:  # its row is in a final phase
        pass
