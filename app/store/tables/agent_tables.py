"""Agents, their environments, pending commands, and (on an agent) waiting reports."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, String, Table, Text

from app.store.columns import Json, Moment
from app.store.tables.metadata import Id, metadata

agents = Table(
    "agents",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", Text, nullable=False),
    Column("credential_hash", String(64), nullable=False, unique=True),
    Column("next_hash", String(64), unique=True),
    Column("version", String(40), nullable=False),
    Column("enrolled_at", Moment, nullable=False),
    Column("enrolled_by", Text, nullable=False),
    Column("heard_at", Moment, index=True),
    Column("listened_at", Moment),
    Column("address", Text),
    Column("rotated_at", Moment),
    Column("revoked_at", Moment),
    Column("revoked_by", Text, nullable=False),
    Column("silent_at", Moment),
    Column("offset_s", Float, nullable=False),
    Column("offset_error_s", Float),
    Column("reported", BigInteger, nullable=False),
    Column("chain", String(64), nullable=False),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("environments", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("agent", String(26)),
)

served = Table(
    "served",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("agent", String(26), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Index("ix_served_agent", "agent", "environment_id"),
    Index("ix_served_environment", "environment_id", "until"),
    sqlite_autoincrement=True,
)

commands = Table(
    "commands",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("data", Json, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("operation", String(26)),
    Column("answer", Json),
    Index("ix_commands_environment", "environment_id", "state", "seq"),
    Index("ix_commands_expiry", "state", "expires_at"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("seq", BigInteger, unique=True),  # with its hash given when it is about to be sent
    Column("at", Moment, nullable=False),
    Column("mono_s", Float, nullable=False),
    Column("boot", String(64), nullable=False),
    Column("environment", BigInteger, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("key", String(40), nullable=False),
    Column("data", Json, nullable=False),
    Column("hash", String(64)),
    Index("ix_outbox_key", "environment", "kind", "key"),
    sqlite_autoincrement=True,
)

command_inbox = Table(
    "orders",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("environment", BigInteger, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("data", Json, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("answer", Json),
)

notes = Table(
    "notes",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Json, nullable=False),
)
