"""The registry, with each environment's status on its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError

from app.domain.agents.wire import wire_name
from app.domain.environment import CONTENT, Content, Environment, Hold, Mode, RunsOn, SourceSpec, Status, TargetSpec
from app.domain.errors import EnvironmentExists, EnvironmentNotFound
from app.domain.need_reasons import lasting_need
from app.domain.specification.environment_fields import policy_dict, stored_policy
from app.domain.status import Condition, Divergence, Health, SyncStatus
from app.ports import EnvironmentFilter, EnvironmentRow, Page, Tally
from app.store import tables
from app.store.columns import micros
from app.store.environments.current_status import GIT_SEEN_AT, health_now, rank_now, sync_now
from app.store.environments.hold_column import hold_dict, read_hold
from app.store.environments.host_neighbours import neighbours, same_road
from app.store.environments.sparklines import last_days
from app.store.rows import digit, readable, sound
from app.store.tables.metadata import ACTIVE

env = tables.environments
ops = tables.operations
STATUS = tuple(wire_name(one) for one in fields(Status) if one.name != "operation")
WRITTEN = tuple(name for name in STATUS if name != "heard_at")  # that is the agent's sign of life, written by itself

_ACTIVE = (
    select(ops.c.id)
    .where(
        ops.c.environment_id == env.c.id, text(ACTIVE)
    )  # in the index's own words, or SQLite cannot tell that it fits
    .order_by(case((ops.c.phase == "running", 0), else_=1), ops.c.id)
    .limit(1)
    .scalar_subquery()
    .label("active")
)
SELECT = select(env, _ACTIVE, GIT_SEEN_AT.label("git_seen_at"))
# Statements of every poll and every operation are built once: building one takes longer than running it.
_OF_REPOSITORY = SELECT.where(env.c.repo_url == bindparam("url")).order_by(env.c.name)
_BY_ID = SELECT.where(env.c.id == bindparam("of"))
_UPDATE = update(env).where(env.c.id == bindparam("of"))


class SqlEnvironments:
    """Implements the port Environments."""

    def __init__(self, connection: Connection, here: RunsOn) -> None:
        self._db, self._here = connection, here

    def add(self, environment: Environment) -> Environment:
        try:
            with self._db.begin_nested():
                values = {**_columns(environment), **_status(environment.status), "refresh_at": None}
                id = self._db.execute(insert(env).values(values)).inserted_primary_key[0]  # type: ignore[index]
        except IntegrityError:
            raise EnvironmentExists(f"An environment named '{environment.name}' exists already.") from None
        self._put_labels(id, environment.labels)
        return self.by_id(id)

    def place(self, environment: Environment) -> None:
        self._db.execute(delete(env).where(or_(env.c.id == environment.id, env.c.name == environment.name)))
        values = {**_columns(environment), **_status(environment.status), "id": environment.id}
        self._db.execute(insert(env).values(values))
        SqlEnvironments.set_hold(self, environment.id, environment.hold)
        self._put_labels(environment.id, environment.labels)

    def _put_labels(self, id: int, given: Mapping[str, str]) -> None:
        self._db.execute(delete(tables.labels).where(tables.labels.c.environment_id == id))
        if given:
            rows = [{"environment_id": id, "key": key, "value": value} for key, value in given.items()]
            self._db.execute(insert(tables.labels), rows)

    def get(self, name: str) -> Environment:
        row = self._db.execute(SELECT.where(env.c.name == name)).first() if _sane(name) else None
        if row is None:
            raise EnvironmentNotFound.named(name)
        return read_environment(sound(row))

    def by_id(self, id: int) -> Environment:
        row = self._db.execute(_BY_ID, {"of": id}).first()
        if row is None:
            raise EnvironmentNotFound()
        return read_environment(sound(row))

    def replace(self, environment: Environment) -> None:
        self._db.execute(update(env).where(env.c.id == environment.id).values(_columns(environment)))
        self._put_labels(environment.id, environment.labels)

    def remove(self, id: int) -> None:
        self._db.execute(delete(tables.labels).where(tables.labels.c.environment_id == id))
        self._db.execute(delete(tables.drift_reports).where(tables.drift_reports.c.environment_id == id))
        self._db.execute(delete(env).where(env.c.id == id))

    def put_status(self, id: int, status: Status, refresh_at: datetime | None = None) -> None:
        due = {"refresh_at": refresh_at} if refresh_at else {}
        self._db.execute(_UPDATE, {**_status(status), **due, "of": id})

    def heard(self, id: int, at: datetime) -> None:
        self._db.execute(update(env).where(env.c.id == id).values(heard_at=at))

    def set_hold(self, id: int, hold: Hold | None) -> None:
        values = {"hold": hold_dict(hold), "hold_expires_at": hold.expires_at if hold else None}
        self._db.execute(update(env).where(env.c.id == id).values(values))

    def page(
        self, where: EnvironmentFilter, now: datetime, limit: int, after: str | None, *, by_need: bool = False
    ) -> Page[EnvironmentRow]:
        rank = rank_now(now).label("rank")
        order = (rank, env.c.name) if by_need else (env.c.name,)
        query = select(env.c.id).where(*_narrowed(where, now)).order_by(*order)
        if after and by_need:
            first, _, name = after.partition(":")
            query = query.where(tuple_(rank, env.c.name) > tuple_(literal(digit(first)), literal(name)))
        elif after:
            query = query.where(env.c.name > after)
        # narrow rows are sorted, and only the page's own are read in full
        whole = SELECT.add_columns(rank).where(env.c.id.in_(query.limit(limit + 1).scalar_subquery()))
        rows = self._db.execute(whole.order_by(*order)).all()
        found = readable(rows[:limit], read_environment, "environments")
        days = last_days(self._db, [one.id for one in found], now)
        next = None
        if len(rows) > limit:
            last = rows[limit - 1]
            next = f"{last.rank}:{last.name}" if by_need else last.name
        return Page(tuple(EnvironmentRow(one, days[one.id]) for one in found), next)

    def tally(self, now: datetime) -> Tally:
        sync = sync_now(now).label("sync_now")
        held = case((env.c.hold.is_not(None), 1), else_=0).label("held")
        keys = (sync, health_now(now).label("health_now"), env.c.mode, rank_now(now).label("rank"), held)
        rows = self._db.execute(select(*keys, func.count()).group_by(*keys)).all()
        by: list[dict[Any, int]] = [{} for _ in keys]
        for row in rows:
            for counts, key in zip(by, row, strict=False):
                counts[key] = counts.get(key, 0) + row[-1]
        total = sum(row[-1] for row in rows)
        return Tally(total, by[0], by[1], by[2], by[3].get(0, 0), by[4].get(1, 0))

    def holds(self) -> tuple[Hold, ...]:
        rows = self._db.execute(select(env.c.hold).where(env.c.hold.is_not(None))).scalars()
        return tuple(hold for values in rows if (hold := read_hold(values)))

    def of_repository(self, repo_url: str) -> tuple[Environment, ...]:
        rows = self._db.execute(_OF_REPOSITORY, {"url": repo_url})
        return readable(rows, read_environment, "environments")

    def repositories(self) -> Mapping[tuple[str, str | None], int]:
        query = select(env.c.repo_url, env.c.credential, func.min(env.c.interval_s)).where(
            env.c.runs_on == self._here.value
        )
        rows = self._db.execute(query.group_by(env.c.repo_url, env.c.credential))
        return {(row[0], row[1]): row[2] for row in rows}

    def addresses(self) -> tuple[str, ...]:
        known = select(env.c.repo_url).where(env.c.repo_url != "").distinct()
        return tuple(self._db.execute(known).scalars())

    def targets(self) -> Mapping[str, TargetSpec]:
        rows = self._db.execute(select(env.c.name, env.c.target_kind, env.c.target))
        return dict(readable(rows, lambda row: (row.name, TargetSpec(row.target_kind, row.target)), "environments"))

    def neighbours(self, environment: Environment) -> Mapping[str, TargetSpec]:
        return neighbours(self._db, environment)

    def beside(self, environment: Environment) -> tuple[Environment, ...]:
        rows = self._db.execute(SELECT.where(*same_road(environment)).order_by(env.c.name))
        return readable(rows, read_environment, "environments")

    def due_for_refresh(self, now: datetime, limit: int) -> tuple[Environment, ...]:
        busy = exists().where(ops.c.environment_id == env.c.id, ops.c.phase.in_(("queued", "running")))
        # one that lies further ahead than a verdict lives was planned before the clock was set back
        wait = type_coerce(env.c.refresh_at, BigInteger) - micros(now)
        lifetime = type_coerce(env.c.expires_at, BigInteger) - type_coerce(env.c.checked_at, BigInteger)
        due = or_(env.c.refresh_at <= now, wait > lifetime)
        query = SELECT.where(due, env.c.runs_on == self._here.value, ~busy)
        rows = self._db.execute(query.order_by(env.c.refresh_at).limit(limit))
        return readable(rows, read_environment, "environments")

    def schedule_refresh(self, id: int, at: datetime) -> None:
        self._db.execute(_UPDATE, {"refresh_at": at, "of": id})

    def with_expired_hold(self, now: datetime) -> tuple[Environment, ...]:
        return readable(self._db.execute(SELECT.where(env.c.hold_expires_at <= now)), read_environment, "environments")


def _sane(text: str) -> bool:
    return "\0" not in text and not any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def _narrowed(where: EnvironmentFilter, now: datetime) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if where.search:
        word = where.search.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        like = f"%{word}%"
        parts.append(
            or_(func.lower(env.c.name).like(like, escape="\\"), func.lower(env.c.subject).like(like, escape="\\"))
        )
    if where.mode:
        parts.append(env.c.mode == where.mode)
    if where.sync:
        parts.append(sync_now(now) == where.sync)
    if where.health:
        parts.append(health_now(now) == where.health)
    if where.need:
        parts.append(rank_now(now) == 0)
    for key, value in where.labels.items():
        table = tables.labels
        parts.append(exists().where(table.c.environment_id == env.c.id, table.c.key == key, table.c.value == value))
    return parts


def _columns(one: Environment) -> dict[str, Any]:
    return {
        "name": one.name,
        "mode": one.mode.value,
        "runs_on": one.runs_on.value,
        "repo_url": one.source.repo_url,
        "ref": one.source.ref,
        "path": one.source.path,
        "credential": one.source.credential,
        "content": " ".join(one.source.content.chosen()),
        "target_kind": one.target.kind,
        "target": dict(one.target.options),
        "policy": policy_dict(one.policy),
        "labels": dict(one.labels),
        "interval_s": one.policy.interval_s,
        "created_at": one.created_at,
        "version": one.version,
    }


def _status(status: Status) -> dict[str, Any]:
    values = {name: getattr(status, name) for name in WRITTEN if name != "message"}
    values["message"] = str(status.condition)
    values["sync"], values["health"] = status.sync.value, status.health.value
    values["divergence"] = status.divergence.value if status.divergence else None
    return {**values, "need": int(lasting_need(status) is not None)}


def _content(chosen: str) -> Content:
    names = chosen.split()
    return Content(*(name in names for name in CONTENT))


def read_environment(row: Any) -> Environment:
    """A row as an environment."""
    status = {name: getattr(row, name) for name in STATUS if name != "message"}
    status["condition"] = Condition.parse(row.message)
    status["sync"], status["health"] = SyncStatus(row.sync), Health(row.health)
    status["divergence"] = Divergence(row.divergence) if row.divergence else None
    return Environment(
        id=row.id,
        name=row.name,
        mode=Mode(row.mode),
        source=SourceSpec(row.repo_url, row.ref, row.path, row.credential, _content(row.content)),
        target=TargetSpec(row.target_kind, row.target),
        policy=stored_policy(row.policy, Mode(row.mode)),
        runs_on=RunsOn(row.runs_on),
        agent=row.agent,
        labels=row.labels,
        status=Status(**status, operation=row.active),
        hold=read_hold(row.hold),
        created_at=row.created_at,
        version=row.version,
        git_seen_at=row.git_seen_at,
    )
