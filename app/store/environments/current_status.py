"""The current status in SQL, as in the domain: stale verdicts, silent agents, environments that need a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, or_, type_coerce

from app.domain.agents.protocol import GRACE
from app.domain.environment import RunsOn
from app.domain.status import Health, SyncStatus
from app.store import tables
from app.store.columns import micros

env = tables.environments


def stale(now: datetime) -> ColumnElement[bool]:
    """Whether the verdict is too old to be shown."""
    return and_(env.c.sync == SyncStatus.SYNCED.value, or_(env.c.expires_at.is_(None), env.c.expires_at <= now))


def silent(now: datetime) -> ColumnElement[bool]:
    """`Environment.silent` in SQL: the two are held together by a test."""
    heard = type_coerce(env.c.heard_at, BigInteger) + cast(env.c.interval_s, BigInteger) * 1_000_000
    away = or_(env.c.agent.is_(None), env.c.heard_at.is_(None), heard < micros(now - GRACE))
    return and_(env.c.runs_on == RunsOn.AGENT.value, away)


def sync_now(now: datetime) -> ColumnElement[str]:
    """`Environment.sync_at`."""
    return case((or_(stale(now), silent(now)), SyncStatus.UNKNOWN.value), else_=env.c.sync)


def health_now(now: datetime) -> ColumnElement[str]:
    """`Environment.health_at`."""
    return case((silent(now), Health.UNKNOWN.value), else_=env.c.health)


def rank_now(now: datetime) -> ColumnElement[int]:
    """0: needs a person, also because its verdict is stale or its agent silent; 1: does not."""
    old = and_(stale(now), env.c.checked_at.is_not(None))
    return case((or_(env.c.need > 0, old, silent(now)), 0), else_=1)
