"""Operations, and the history of live revisions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from app.store.columns import Json, Moment
from app.store.tables.metadata import ACTIVE, WHERE, Id, metadata

operations = Table(
    "operations",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("environment", String(63), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("trigger", String(12), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("outcome", String(20)),
    Column("wanted", Text),
    Column("from_revision", String(64)),
    Column("revision", String(64)),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("initiated_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("committed_at", Moment),
    Column("visible_after", Moment),
    Column("visible_at", Moment),
    Column("noticed_at", Moment),
    Column("fetched_at", Moment),
    Column("planned_at", Moment),
    Column("applied_at", Moment),
    Column("healthy_at", Moment),
    Column("webhook_missed", Boolean, nullable=False),
    Column("request", Json, nullable=False),
    Column("stages", Json, nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("termination_by", Text),
    Column("worker", Text),
    Column("heartbeat_at", Moment),
    Column("detail", Json, nullable=False),
    Index("uq_operations_one_running", "environment_id", unique=True, info={WHERE: "phase = 'running'"}),
    Index("ix_operations_active", "environment_id", "id", info={WHERE: ACTIVE}),
    Index("ix_operations_environment", "environment_id", "id"),
    Index("ix_operations_finished", "kind", "finished_at"),
    Index("ix_operations_finished_there", "environment_id", "kind", "finished_at"),
)

history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("revision", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("committed_at", Moment),
    Column("tree", String(64), nullable=False),
    Column("live_at", Moment, nullable=False),
    Column("left_at", Moment),
    Column("good", Boolean, nullable=False),
    Column("operation", String(26), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("initiated_by", Text, nullable=False),
    Column("trigger", String(12), nullable=False),
    Index("ix_history_environment", "environment_id", "id"),
    Index("ix_history_revision", "environment_id", "revision"),
    sqlite_autoincrement=True,
)

bad_revisions = Table(
    "bad_revisions",
    metadata,
    Column("environment_id", BigInteger, primary_key=True),
    Column("revision", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("marked_by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
