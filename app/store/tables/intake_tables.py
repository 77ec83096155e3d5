"""Polls of repositories and webhook deliveries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from app.store.columns import Json, Moment
from app.store.tables.metadata import Id, metadata

repositories = Table(
    "repositories",
    metadata,
    Column("repo_url", Text, primary_key=True),
    Column("credential", String(100), primary_key=True),
    Column("heads", Json, nullable=False),
    Column("looked_at", Moment),
    Column("failing_since", Moment),
    Column("error", Text, nullable=False),
)

polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("repo_url", Text, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
    Column("times", Integer, nullable=False),
    Column("result", String(20), nullable=False),
    Column("detail", Text, nullable=False),
    Column("credential", String(100), nullable=False, server_default=""),
    Index("ix_polls_repository", "repo_url", "id"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("provider", String(20), nullable=False),
    Column("hook", String(100), nullable=False),
    Column("delivery_id", String(200), nullable=False),
    Column("received_at", Moment, nullable=False, index=True),
    Column("event", String(100), nullable=False),
    Column("announced", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("decision", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("done", Json, nullable=False, server_default="{}"),
    Column("pushed_at", Moment),
    UniqueConstraint("provider", "hook", "delivery_id", name="uq_deliveries_once"),
    Index("ix_deliveries_hook", "hook", "id"),
    Index("ix_deliveries_state", "state", "next_at"),
    sqlite_autoincrement=True,
)

delivered_revisions = Table(
    "delivered_revisions",
    metadata,
    Column("delivery", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", String(64), primary_key=True),
    Column("hook", String(100), nullable=False),
    Index("ix_delivered_revisions_hook", "hook", "revision"),
)

hook_secrets = Table(
    "hook_secrets",
    metadata,
    Column("hook", String(100), primary_key=True),
    Column("environment_id", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
)
