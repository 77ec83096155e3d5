"""Events, audit entries and drift."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from app.store.columns import Json, Moment
from app.store.tables.metadata import WHERE, Id, metadata

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("environment", String(63)),
    Column("environment_id", BigInteger),
    Column("operation", String(26)),
    Column("type", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("origin", Json),
    Index("ix_events_environment", "environment_id", "id"),
    Index("ix_events_operation", "operation", "id"),
    Index("ix_events_type", "type", "at"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("ip", Text),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("environment", Text),
    Index("ix_audit_environment", "environment", "seq"),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_action", "action", "seq"),
    Index("ix_audit_object", "object"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("signature", Text, nullable=False),
    Column("public_key", Text, nullable=False),
)

episodes = Table(
    "episodes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("environment", String(63), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("revision", String(64)),
    Column("last_good_at", Moment),
    Column("detected_at", Moment, nullable=False, index=True),
    Column("paths", Json, nullable=False),
    Column("count", Integer, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", Text, nullable=False),
    Column("ended_at", Moment),
    Column("ending", String(12)),
    Column("ended_by", Text, nullable=False),
    Column("operation", String(26)),
    Index("uq_episodes_one_open", "environment_id", unique=True, info={WHERE: "ended_at IS NULL"}),
    Index("ix_episodes_environment", "environment_id", "id"),
    sqlite_autoincrement=True,
)

episode_reports = Table(
    "episode_reports",
    metadata,
    Column("episode_id", BigInteger, primary_key=True, autoincrement=False),
    Column("report", Json, nullable=False),
)

episode_contents = Table(
    "episode_contents",
    metadata,
    Column("episode_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(64), primary_key=True),
    Column("mark", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("locked", LargeBinary, nullable=False),
)

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("environment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("checked_at", Moment, nullable=False),
    Column("report", Json, nullable=False),
)
