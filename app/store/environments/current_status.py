"""The current status in SQL, as in the domain: stale verdicts, silent agents, environments that need a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, or_, select, type_coerce

from app.domain.agents.protocol import GRACE
from app.domain.environment import AHEAD, LEAST_LOOK_S, RunsOn
from app.domain.status import Health, SyncStatus
from app.store import tables
from app.store.columns import micros

env = tables.environments
_EXTERNAL = env.c.runs_on == RunsOn.EXTERNAL.value


GIT_SEEN_AT = (
    select(tables.repositories.c.looked_at)
    .where(
        tables.repositories.c.repo_url == env.c.repo_url,
        tables.repositories.c.credential == func.coalesce(env.c.credential, ""),
        env.c.runs_on == RunsOn.SERVER.value,
    )
    .scalar_subquery()
)


def stale(now: datetime) -> ColumnElement[bool]:
    """Whether the verdict is too old to be shown, or from the future: the first lines of `Status.sync_at`."""
    gone = or_(env.c.expires_at.is_(None), env.c.expires_at <= now, env.c.checked_at > now + AHEAD, unseen(now))
    return and_(env.c.sync == SyncStatus.SYNCED.value, gone)


def unseen(now: datetime) -> ColumnElement[bool]:
    """`Environment.unseen` in SQL."""
    seen, interval = type_coerce(GIT_SEEN_AT, BigInteger), cast(env.c.interval_s, BigInteger)
    lifetime = case((interval * 3 < LEAST_LOOK_S, LEAST_LOOK_S), else_=interval * 3) * 1_000_000
    return func.coalesce(or_(seen > micros(now + AHEAD), seen + lifetime <= micros(now)), False)


def silent(now: datetime) -> ColumnElement[bool]:
    """`Environment.silent` in SQL: the two are held together by a test."""
    heard = type_coerce(env.c.heard_at, BigInteger) + cast(env.c.interval_s, BigInteger) * 1_000_000
    ahead = type_coerce(env.c.heard_at, BigInteger) - cast(env.c.interval_s, BigInteger) * 1_000_000
    away = or_(
        env.c.agent.is_(None), env.c.heard_at.is_(None), heard < micros(now - GRACE), ahead > micros(now + GRACE)
    )
    return and_(env.c.runs_on == RunsOn.AGENT.value, away)


def sync_now(now: datetime) -> ColumnElement[str]:
    """`Environment.sync_at`."""
    return case((or_(stale(now), silent(now)), SyncStatus.UNKNOWN.value), else_=env.c.sync)


def health_now(now: datetime) -> ColumnElement[str]:
    """`Environment.health_at`."""
    old = or_(env.c.expires_at.is_(None), env.c.expires_at <= now)
    return case((or_(silent(now), and_(_EXTERNAL, old)), Health.UNKNOWN.value), else_=env.c.health)


def rank_now(now: datetime) -> ColumnElement[int]:
    """0: needs a person, also because its verdict is stale or its agent silent; 1: does not."""
    old = and_(stale(now), env.c.checked_at.is_not(None), ~_EXTERNAL)
    return case((or_(env.c.need > 0, old, silent(now)), 0), else_=1)
