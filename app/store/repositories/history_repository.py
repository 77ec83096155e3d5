"""Which revisions were live, from when to when, and which of them are bad."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from app.domain.operation import Operation, Outcome
from app.domain.revision import Revision
from app.ports import BadRevision, HistoryItem, Page
from app.store import tables
from app.store.rows import readable

h = tables.history
bad = tables.bad_revisions
STORED = ("revision", "subject", "author", "committed_at", "live_at", "left_at", "outcome", "initiated_by", "trigger",
          "operation", "good")  # fmt: skip
_ITEMS: Select[Any] = select(h, bad.c.reason.label("bad_reason")).select_from(
    h.outerjoin(bad, (bad.c.environment_id == h.c.environment_id) & (bad.c.revision == h.c.revision))
)
_IS_BAD = select(bad.c.revision).where(bad.c.environment_id == bindparam("of"), bad.c.revision == bindparam("sha"))


class SqlHistory:
    """Implements the port History."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def went_live(self, operation: Operation, revision: Revision, state: str, at: datetime) -> None:
        same = h.c.environment_id == operation.environment_id
        self._db.execute(update(h).where(same, h.c.left_at.is_(None)).values(left_at=at))
        outcome = Outcome.ROLLED_BACK if operation.request.goes_back else Outcome.DEPLOYED
        values = {
            "environment_id": operation.environment_id,
            "revision": revision.sha,
            "subject": revision.subject,
            "author": revision.author.name,
            "committed_at": revision.committed_at if revision.dated else None,
            "tree": state,
            "live_at": at,
            "good": False,
            "operation": operation.id,
            "outcome": outcome.value,
            "initiated_by": operation.request.initiated_by,
            "trigger": operation.trigger.value,
        }
        self._db.execute(insert(h).values(values))

    def mark_good(self, environment_id: int, revision: str, at: datetime) -> None:
        live = (h.c.environment_id == environment_id) & (h.c.revision == revision) & h.c.left_at.is_(None)
        self._db.execute(update(h).where(live).values(good=True))
        env = tables.environments
        self._db.execute(update(env).where(env.c.id == environment_id).values(last_good=revision))

    def mark_bad(self, environment_id: int, revision: str, reason: str, by: str, at: datetime) -> None:
        self.unmark_bad(environment_id, revision)
        values = {"environment_id": environment_id, "revision": revision, "reason": reason, "marked_by": by, "at": at}
        self._db.execute(insert(bad).values(values))

    def unmark_bad(self, environment_id: int, revision: str) -> None:
        self._db.execute(delete(bad).where(bad.c.environment_id == environment_id, bad.c.revision == revision))

    def bad(self, environment_id: int, limit: int = 200) -> tuple[BadRevision, ...]:
        query = select(bad).where(bad.c.environment_id == environment_id).order_by(bad.c.at.desc()).limit(limit)
        return tuple(BadRevision(row.revision, row.reason, row.marked_by, row.at) for row in self._db.execute(query))

    def is_bad(self, environment_id: int, revision: str) -> bool:
        return self._db.execute(_IS_BAD, {"of": environment_id, "sha": revision}).first() is not None

    def page(self, environment_id: int, limit: int, after: str | None) -> Page[HistoryItem]:
        query = _ITEMS.where(h.c.environment_id == environment_id).order_by(h.c.id.desc())
        if after and after.isascii() and after.isdigit() and len(after) < 19:
            query = query.where(h.c.id < int(after[:18]))
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = str(rows[limit - 1].id) if len(rows) > limit else None
        return Page(readable(rows[:limit], _read, "history"), next)

    def find(self, environment_id: int, revision: str) -> HistoryItem | None:
        wanted = revision.lower()
        if len(wanted) < 4 or not all(c in "0123456789abcdef" for c in wanted):
            return None
        query = _ITEMS.where(h.c.environment_id == environment_id, h.c.revision.startswith(wanted))
        rows = self._db.execute(query.order_by(h.c.id.desc())).all()
        return _read(rows[0]) if len({row.revision for row in rows}) == 1 else None

    def load(self, environment_id: int, items: Sequence[HistoryItem], bad_ones: Sequence[BadRevision]) -> None:
        for table in (h, bad):
            self._db.execute(delete(table).where(table.c.environment_id == environment_id))
        for item in items:
            row = {name: getattr(item, name) for name in STORED}
            self._db.execute(insert(h).values(environment_id=environment_id, tree=item.state, **row))
        for one in bad_ones:
            self.mark_bad(environment_id, one.revision, one.reason, one.by, one.at or datetime.now(UTC))

    def last_good(self, environment_id: int, other_than: str | None) -> HistoryItem | None:
        query = _ITEMS.where(h.c.environment_id == environment_id, h.c.good, bad.c.revision.is_(None))
        if other_than:
            query = query.where(h.c.revision != other_than)
        row = self._db.execute(query.order_by(h.c.id.desc()).limit(1)).first()
        return _read(row) if row else None


def _read(row: Any) -> HistoryItem:
    return HistoryItem(
        **{name: getattr(row, name) for name in STORED},
        state=row.tree,
        bad=row.bad_reason is not None,
        bad_reason=row.bad_reason or "",
        current=row.left_at is None,
    )
