"""Agents, their environments, enrollments and pending commands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, insert, or_, select, update

from app.domain.agents.protocol import GRACE, Agent, Command, CommandKind, CommandState, Enrollment
from app.domain.environment import RunsOn
from app.domain.errors import AgentNotFound
from app.store import tables
from app.store.rows import readable

a, n, s, c, env = tables.agents, tables.enrollments, tables.served, tables.commands, tables.environments
COLUMNS = tuple(one.name for one in fields(Agent))
WAITING = CommandState.WAITING.value


class SqlAgents:
    """Implements the port Agents."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # --- enrollment ---
    def add_enrollment(self, enrollment: Enrollment) -> None:
        values = {column.name: getattr(enrollment, column.name) for column in n.columns}
        self._db.execute(insert(n).values({**values, "environments": list(enrollment.environments)}))

    def enrollment(self, token_hash: str) -> Enrollment | None:
        row = self._db.execute(select(n).where(n.c.token_hash == token_hash)).first()
        return Enrollment(**{**row._mapping, "environments": tuple(row.environments)}) if row else None

    def use_enrollment(self, id: str, agent: str, at: datetime) -> bool:
        done = self._db.execute(update(n).where(n.c.id == id, n.c.used_at.is_(None)).values(used_at=at, agent=agent))
        return bool(done.rowcount)

    # --- agents ---
    def add(self, agent: Agent, environment_ids: Collection[int]) -> None:
        self._db.execute(insert(a).values({name: getattr(agent, name) for name in COLUMNS}))
        for id in environment_ids:
            self.hand_over(id, agent.id, agent.enrolled_at)

    def get(self, id: str, *, lock: bool = False) -> Agent:
        query = select(a).where(a.c.id == id)
        row = self._db.execute(query.with_for_update() if lock else query).first() if id.isascii() else None
        if row is None:
            raise AgentNotFound()
        return _agent(row)

    def by_credential(self, hash: str) -> Agent | None:
        row = self._db.execute(select(a).where(or_(a.c.credential_hash == hash, a.c.next_hash == hash))).first()
        return _agent(row) if row else None

    def all(self) -> tuple[Agent, ...]:
        return readable(self._db.execute(select(a).order_by(a.c.id)), _agent, "agents")

    def save(self, agent: Agent) -> None:
        self._db.execute(update(a).where(a.c.id == agent.id).values({name: getattr(agent, name) for name in COLUMNS}))
        if agent.revoked_at:
            self._db.execute(update(env).where(env.c.agent == agent.id).values(heard_at=None))

    def heard(self, id: str, at: datetime, address: str | None, *, listening: bool) -> None:
        values = {"heard_at": at, "address": address, **({"listened_at": at} if listening else {})}
        self._db.execute(update(a).where(a.c.id == id).values(values))
        self._db.execute(update(env).where(env.c.agent == id).values(heard_at=at))

    def left(self, id: str, since: datetime) -> bool:
        done = update(a).where(a.c.id == id, a.c.listened_at <= since).values(listened_at=None)
        return bool(self._db.execute(done).rowcount)

    # --- environments ---
    def of_environment(self, environment_id: int) -> Agent | None:
        row = self._db.execute(select(a).join(env, env.c.agent == a.c.id).where(env.c.id == environment_id)).first()
        return _agent(row) if row else None

    def environments(self, id: str) -> Mapping[int, str]:
        rows = self._db.execute(select(env.c.id, env.c.name).where(*_its(id)).order_by(env.c.name))
        return {row.id: row.name for row in rows}

    def assigned(self, id: str) -> Mapping[int, int]:
        rows = self._db.execute(select(env.c.id, env.c.version).where(*_its(id)).order_by(env.c.id))
        return {row.id: row.version for row in rows}

    def ever_served(self, id: str, environment_id: int) -> bool:
        query = select(s.c.id).where(s.c.agent == id, s.c.environment_id == environment_id)
        return self._db.execute(query.limit(1)).first() is not None

    def hand_over(self, environment_id: int, agent: str | None, at: datetime) -> None:
        now = (s.c.environment_id == environment_id) & s.c.until.is_(None)
        self._db.execute(update(s).where(now).values(until=at))
        if agent:
            self._db.execute(insert(s).values(environment_id=environment_id, agent=agent, since=at))
        self._db.execute(update(env).where(env.c.id == environment_id).values(agent=agent, heard_at=None))

    # --- commands ---
    def send(
        self,
        environment_id: int,
        kind: CommandKind,
        data: Mapping[str, Any],
        at: datetime,
        expires_at: datetime,
        operation: str | None = None,
    ) -> Command:
        values = {"environment_id": environment_id, "kind": kind.value, "data": dict(data), "issued_at": at,
                  "expires_at": expires_at, "state": WAITING, "operation": operation}  # fmt: skip
        seq = self._db.execute(insert(c).values(values)).inserted_primary_key[0]  # type: ignore[index]
        return Command(seq, environment_id, kind, data, at, expires_at, operation=operation)

    def commands(self, agent: str, after: int, limit: int = 100) -> tuple[Command, ...]:
        query = select(c).join(env, env.c.id == c.c.environment_id).where(*_its(agent), c.c.state == WAITING)
        rows = self._db.execute(query.where(c.c.seq > after).order_by(c.c.seq).limit(limit))
        return readable(rows, _command, "commands")

    def command(self, seq: int) -> Command | None:
        row = self._db.execute(select(c).where(c.c.seq == seq)).first()
        return _command(row) if row else None

    def save_command(self, command: Command) -> None:
        values = {"state": command.state.value, "answer": dict(command.answer) if command.answer is not None else None}
        self._db.execute(update(c).where(c.c.seq == command.seq).values(values))

    def take(self, agent: str, through: int) -> None:
        mine = exists().where(env.c.id == c.c.environment_id, *_its(agent))
        taken = update(c).where(c.c.state == WAITING, c.c.seq <= through, mine)
        self._db.execute(taken.values(state=CommandState.TAKEN.value))

    def waiting(self, environment_id: int) -> tuple[Command, ...]:
        query = select(c).where(c.c.environment_id == environment_id, c.c.state == WAITING).order_by(c.c.seq)
        return readable(self._db.execute(query), _command, "commands")

    def waiting_counts(self) -> Mapping[str, int]:
        query = select(env.c.agent, func.count()).join(c, c.c.environment_id == env.c.id).where(c.c.state == WAITING)
        rows = self._db.execute(query.where(env.c.agent.is_not(None)).group_by(env.c.agent))
        return {row[0]: row[1] for row in rows}

    def expired(self, now: datetime) -> tuple[Command, ...]:
        query = select(c).where(c.c.state == WAITING, c.c.expires_at <= now).order_by(c.c.seq).limit(500)
        return readable(self._db.execute(query), _command, "commands")

    def silent(self, now: datetime) -> tuple[Agent, ...]:
        serves = exists().where(env.c.agent == a.c.id, env.c.runs_on == RunsOn.AGENT.value)
        query = select(a).where(a.c.revoked_at.is_(None), a.c.silent_at.is_(None), a.c.heard_at < now - GRACE, serves)
        return readable(self._db.execute(query), _agent, "agents")


def _its(agent: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return env.c.agent == agent, env.c.runs_on == RunsOn.AGENT.value


def _agent(row: Any) -> Agent:
    return Agent(**{name: getattr(row, name) for name in COLUMNS})


def _command(row: Any) -> Command:
    return Command(
        row.seq, row.environment_id, CommandKind(row.kind), row.data, row.issued_at, row.expires_at,
        CommandState(row.state), row.operation, row.answer,
    )  # fmt: skip
