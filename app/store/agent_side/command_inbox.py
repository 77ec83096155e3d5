"""The agent's stored commands and its notes (small named values)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from app.domain.agents.protocol import Command, CommandKind, CommandState
from app.store import tables

r = tables.command_inbox
n = tables.notes
SEEN = "commands"  # the note of the highest number seen
FINISHED = CommandState.DONE.value
KEPT = 1000  # finished ones that are kept for looking at


class SqlCommandInbox:
    """Implements the port CommandInbox. WAITING: not carried out; TAKEN: its answer is not sent yet; DONE: finished."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def take(self, commands: Collection[Command], through: int) -> int:
        last = self.last()
        new = [one for one in commands if one.seq > last]
        for one in new:
            plain = {name: getattr(one, name) for name in ("seq", "issued_at", "expires_at")}
            values = {**plain, "environment": one.environment_id, "kind": one.kind.value, "data": dict(one.data)}
            self._db.execute(insert(r).values(**values, state=CommandState.WAITING.value))
        if through > last:
            SqlAgentState(self._db).put(SEEN, through)
            self._db.execute(delete(r).where(r.c.seq < through - KEPT, r.c.state == FINISHED))
        return len(new)

    def open(self, kinds: Collection[CommandKind]) -> Command | None:
        wanted = [kind.value for kind in kinds]
        query = select(r).where(r.c.state == CommandState.WAITING.value, r.c.kind.in_(wanted))
        row = self._db.execute(query.order_by(r.c.seq).limit(1)).first()
        return _read(row) if row else None

    def done(self, seq: int, answer: Mapping[str, Any] | None = None) -> None:
        state = CommandState.DONE if answer is None else CommandState.TAKEN
        self._db.execute(update(r).where(r.c.seq == seq).values(state=state.value, answer=answer))

    def answers(self) -> tuple[Command, ...]:
        rows = self._db.execute(select(r).where(r.c.state == CommandState.TAKEN.value).order_by(r.c.seq))
        return tuple(_read(row) for row in rows)

    def answer_sent(self, seq: int) -> None:
        self._db.execute(update(r).where(r.c.seq == seq).values(state=CommandState.DONE.value, answer=None))

    def restart(self) -> None:
        self._db.execute(delete(r))
        SqlAgentState(self._db).put(SEEN, 0)

    def last(self) -> int:
        return int(SqlAgentState(self._db).get(SEEN) or 0)


class SqlAgentState:
    """Implements the port AgentState."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def get(self, name: str) -> Any:
        return self._db.execute(select(n.c.value).where(n.c.name == name)).scalar()

    def put(self, name: str, value: Any) -> None:
        if not self._db.execute(update(n).where(n.c.name == name).values(value=value)).rowcount:
            self._db.execute(insert(n).values(name=name, value=value))


def _read(row: Any) -> Command:
    state = CommandState(row.state)
    return Command(
        row.seq, row.environment, CommandKind(row.kind), row.data, row.issued_at, row.expires_at, state,
        answer=row.answer,
    )  # fmt: skip
