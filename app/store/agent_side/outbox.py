"""An agent's reports that wait for the control plane, numbered and chained when they are about to be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from app.domain.agents.protocol import FIRST_HASH, Report, ReportKind, chained
from app.store import tables
from app.store.agent_side.command_inbox import SqlAgentState

o = tables.outbox
POSITION = "outbox"  # the note of the last number and hash that the control plane has


class SqlOutbox:
    """Implements the port Outbox."""

    def __init__(self, connection: Connection) -> None:
        self._db, self._notes = connection, SqlAgentState(connection)

    def put(
        self,
        at: datetime,
        mono_s: float,
        boot: str,
        environment: int,
        kind: ReportKind,
        data: Mapping[str, Any],
        key: str = "",
    ) -> None:
        if key:
            same = (o.c.environment == environment) & (o.c.kind == kind.value) & (o.c.key == key)
            self._db.execute(delete(o).where(same, o.c.seq.is_(None)))
        values = {"at": at, "mono_s": round(mono_s, 6), "boot": boot, "environment": environment, "kind": kind.value}
        self._db.execute(insert(o).values(**values, key=key, data=dict(data)))

    def page(self, limit: int, size: int) -> tuple[Report, ...]:
        rows = self._db.execute(select(o).order_by(o.c.id).limit(limit)).all()
        seq, hash = self.position()
        found: list[Report] = []
        for row in _within(rows, size):
            seq, made = seq + 1, _read(row)
            if row.seq is None:
                made = _numbered(made, seq, hash)
                self._db.execute(update(o).where(o.c.id == row.id).values(seq=seq, hash=made.hash))
            found.append(made)
            hash = made.hash
        return tuple(found)

    def position(self) -> tuple[int, str]:
        seq, hash = self._notes.get(POSITION) or (0, FIRST_HASH)
        return seq, hash

    def confirm(self, through: int) -> None:
        hash = self._db.execute(select(o.c.hash).where(o.c.seq == through)).scalar()
        if hash is not None:
            self._notes.put(POSITION, [through, hash])
            self._db.execute(delete(o).where(o.c.seq <= through))

    def known(self, through: int, hash: str) -> bool:
        if self.position() == (through, hash):
            return True
        return self._db.execute(select(o.c.hash).where(o.c.seq == through)).scalar() == hash

    def rebase(self, through: int, hash: str) -> int:
        self._notes.put(POSITION, [through, hash])
        self._db.execute(delete(o).where(o.c.seq <= through))
        self._db.execute(update(o).values(seq=None, hash=None))
        return self.size()

    def leave_out(self, seq: int) -> None:
        self._db.execute(delete(o).where(o.c.seq == seq))
        self._db.execute(update(o).values(seq=None, hash=None))

    def cut(self, before: datetime) -> int:
        return int(self._db.execute(delete(o).where(o.c.at < before, o.c.seq.is_(None))).rowcount)

    def size(self) -> int:
        return self._db.execute(select(func.count()).select_from(o)).scalar_one()

    def oldest(self) -> datetime | None:
        found: datetime | None = self._db.execute(select(o.c.at).order_by(o.c.id).limit(1)).scalar()
        return found


def _within(rows: Sequence[Any], size: int) -> Sequence[Any]:
    """The first rows whose data fits, and at least one."""
    total = 0
    for number, row in enumerate(rows):
        total += len(json.dumps(row.data)) + 400
        if total > size and number:
            return rows[:number]
    return rows


def _read(row: Any) -> Report:
    kind = ReportKind(row.kind)
    return Report(row.seq or 0, row.at, row.mono_s, row.boot, row.environment, kind, row.data, row.hash or "")


def _numbered(report: Report, seq: int, previous: str) -> Report:
    numbered = replace(report, seq=seq)
    return replace(numbered, hash=chained(previous, numbered))
