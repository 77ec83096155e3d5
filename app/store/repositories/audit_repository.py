"""The append-only, hash-chained log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select

from app.domain.audit import GENESIS, AuditEntry, NewAuditEntry, chain, timestamp
from app.ports import AuditFilter, Checkpoint, Page
from app.store import tables
from app.store.rows import readable

a = tables.audit
c = tables.checkpoints
BATCH = 1000
_INSERT, _LAST = insert(a), select(a).order_by(a.c.seq.desc()).limit(1)  # of every change: built once


class SqlAudit:
    """Implements the port Audit."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self.appended: AuditEntry | None = None

    def append(self, at: datetime, entry: NewAuditEntry) -> AuditEntry:
        last = self.head()
        made = chain(_plain(entry), last.seq + 1 if last else 1, at, last.hash if last else GENESIS)
        values = {**made.as_dict(), "environment": _environment(made)}
        self._db.execute(_INSERT, values)
        self.appended = made
        return made

    def head(self) -> AuditEntry | None:
        row = self._db.execute(_LAST).first()
        return _read(row) if row else None

    def page(self, where: AuditFilter, limit: int, after: int | None) -> Page[AuditEntry]:
        query = select(a).where(*_narrowed(where)).order_by(a.c.seq.desc())
        query = query.where(a.c.seq < after) if after is not None else query
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = str(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(readable(rows[:limit], _read, "audit"), next)

    def walk(self, where: AuditFilter | None = None, after: int = 0) -> Iterator[AuditEntry]:
        seq = after
        while True:
            query = select(a).where(a.c.seq > seq, *_narrowed(where or AuditFilter())).order_by(a.c.seq).limit(BATCH)
            rows = self._db.execute(query).all()
            yield from readable(rows, _read, "audit")  # a gap: verification names the entry that is not there
            if len(rows) < BATCH:
                return
            seq = rows[-1].seq

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        values = {name: getattr(checkpoint, name) for name in ("seq", "hash", "at", "public_key")}
        proofs = f"{checkpoint.signature} {checkpoint.voucher}".rstrip()
        self._db.execute(insert(c).values({**values, "signature": proofs}))

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        return tuple(_read_checkpoint(row) for row in self._db.execute(select(c).order_by(c.c.seq)))

    def actors(self) -> tuple[str, ...]:
        return tuple(self._db.execute(select(a.c.actor).distinct().order_by(a.c.actor).limit(200)).scalars())

    def actions(self) -> tuple[str, ...]:
        return tuple(self._db.execute(select(a.c.action).distinct().order_by(a.c.action).limit(200)).scalars())


def _plain(entry: NewAuditEntry) -> NewAuditEntry:
    """The entry with data that reads back as it is hashed."""
    data = json.loads(json.dumps(dict(entry.data), default=str))
    return replace(entry, data=data)


def _environment(entry: AuditEntry) -> str | None:
    kind, _, name = entry.object.partition(":")
    found = name if kind == "environment" else entry.data.get("environment")
    return str(found) if found else None


def _narrowed(where: AuditFilter) -> list[ColumnElement[bool]]:
    parts = [
        getattr(a.c, name) == getattr(where, name)
        for name in ("environment", "actor", "action")
        if getattr(where, name)
    ]
    if where.search:
        parts.append(
            or_(*(column.contains(where.search, autoescape=True) for column in (a.c.object, a.c.data, a.c.actor)))
        )
    if where.since:
        parts.append(a.c.at >= timestamp(where.since))
    if where.until:
        parts.append(a.c.at < timestamp(where.until))
    return parts


def _read_checkpoint(row: Any) -> Checkpoint:
    """A checkpoint; behind its signature stands the voucher, which older versions did not write."""
    signature, _, voucher = row.signature.partition(" ")
    return Checkpoint(row.seq, row.hash, row.at, signature, row.public_key, voucher)


def _read(row: Any) -> AuditEntry:
    return AuditEntry(row.actor, row.action, row.object, row.data, row.ip, row.seq, row.at, row.prev_hash, row.hash)
