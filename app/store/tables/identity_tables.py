"""Users, sessions, tokens, keys of requests and credentials."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table, Text

from app.store.columns import Json, Moment
from app.store.tables.metadata import Id, metadata

credentials = Table(
    "credentials",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("used_at", Moment),
    Column("public", Json, nullable=False),
    Column("secret", LargeBinary, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(20), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ip", Text),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)

request_keys = Table(
    "request_keys",
    metadata,
    Column("holder", String(60), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("claim", String(26), nullable=False),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
    Index("ix_request_keys_claim", "claim", unique=True),
)

failed_logins = Table(
    "failed_logins",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_failed_logins_key", "key", "at"),
    sqlite_autoincrement=True,
)
