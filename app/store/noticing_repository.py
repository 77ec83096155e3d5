"""Noticed commits, one row for each environment and revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from app.domain.noticing import CommitEnd, Noticer, Noticing
from app.ports import Page
from app.store import tables
from app.store.rows import readable

n = tables.noticings
_PLAIN = tuple(one.name for one in fields(Noticing) if one.name not in ("id", "noticed_by", "ending"))
_GET = select(n).where(n.c.environment_id == bindparam("of"), n.c.revision == bindparam("sha"))
_WITHOUT_END = select(n).where(n.c.environment_id == bindparam("of"), n.c.ending.is_(None)).order_by(n.c.id)
_UPDATE = update(n).where(n.c.environment_id == bindparam("of"), n.c.revision == bindparam("sha"))


class SqlNoticings:
    """Implements the port Noticings."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, found: Sequence[Noticing]) -> tuple[Noticing, ...]:
        if not found:
            return ()
        there = n.c.environment_id == found[0].environment_id, n.c.revision.in_([one.revision for one in found])
        known = set(self._db.execute(select(n.c.revision).where(*there)).scalars())
        new = tuple({one.revision: one for one in found if one.revision not in known}.values())
        if new:
            self._db.execute(insert(n), [_columns(one) for one in new])
        return new

    def get(self, environment_id: int, revision: str) -> Noticing | None:
        rows = self._db.execute(_GET, {"of": environment_id, "sha": revision})
        return next(iter(readable(rows, read_noticing, "noticings")), None)

    def save(self, noticing: Noticing) -> None:
        key = {"of": noticing.environment_id, "sha": noticing.revision}
        self._db.execute(_UPDATE, {**_columns(noticing), **key})

    def without_end(self, environment_id: int) -> tuple[Noticing, ...]:
        return readable(self._db.execute(_WITHOUT_END, {"of": environment_id}), read_noticing, "noticings")

    def page(self, environment_id: int, limit: int, after: int | None) -> Page[Noticing]:
        query = select(n).where(n.c.environment_id == environment_id).order_by(n.c.id.desc())
        query = query.where(n.c.id < after) if after else query
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = str(rows[limit - 1].id) if len(rows) > limit else None
        return Page(readable(rows[:limit], read_noticing, "noticings"), next)


def _columns(one: Noticing) -> Mapping[str, Any]:
    plain = {name: getattr(one, name) for name in _PLAIN}
    return {**plain, "noticed_by": one.noticed_by.value, "ending": one.ending.value if one.ending else None}


def read_noticing(row: Any) -> Noticing:
    """A row of the table as a noticing. Raises what a damaged row raises: ValueError, TypeError."""
    plain = {name: getattr(row, name) for name in _PLAIN}
    ending = CommitEnd(row.ending) if row.ending else None
    return Noticing(**plain, id=row.id, noticed_by=Noticer(row.noticed_by), ending=ending)
