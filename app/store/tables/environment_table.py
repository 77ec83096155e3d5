"""Environments with their status, and their labels."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, Text

from app.store.columns import Json, Moment
from app.store.tables.metadata import Id, metadata

environments = Table(
    "environments",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(63), nullable=False, unique=True),
    Column("mode", String(8), nullable=False),
    Column("runs_on", String(8), nullable=False),
    Column("agent", String(26), index=True),
    Column("heard_at", Moment),
    Column("repo_url", Text, nullable=False, index=True),
    Column("ref", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("credential", Text),
    Column("content", String(60), nullable=False, server_default=""),
    Column("target_kind", String(40), nullable=False),
    Column("target", Json, nullable=False),
    Column("policy", Json, nullable=False),
    Column("labels", Json, nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("created_at", Moment),
    Column("version", Integer, nullable=False),
    Column("refresh_at", Moment, index=True),
    Column("hold", Json),
    Column("hold_expires_at", Moment, index=True),
    Column("need", Integer, nullable=False, server_default="0"),
    Column("sync", String(12), nullable=False),
    Column("health", String(12), nullable=False),
    Column("divergence", String(12)),
    Column("revision", String(64)),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("live_since", Moment),
    Column("noticed", String(64)),
    Column("noticed_at", Moment),
    Column("last_good", String(64)),
    Column("checked_at", Moment),
    Column("expires_at", Moment),
    Column("files", Integer, nullable=False),
    Column("drift_count", Integer, nullable=False),
    Column("drift_episode", BigInteger),
    Column("last_outcome", String(20)),
    Column("last_reason", Text, nullable=False),
    Column("last_finished_at", Moment),
    Column("webhook_judged", String(64)),
    Column("failures", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Index(  # all that the overview sorts by
        "ix_environments_need",
        "need",
        "name",
        "sync",
        "expires_at",
        "checked_at",
        "runs_on",
        "agent",
        "heard_at",
        "interval_s",
    ),
    sqlite_autoincrement=True,
)

labels = Table(
    "labels",
    metadata,
    Column("environment_id", BigInteger, primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("value", String(100), nullable=False),
    Index("ix_labels_key_value", "key", "value"),
)

days = Table(
    "days",
    metadata,
    Column("environment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("delivered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
)
