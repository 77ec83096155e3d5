"""Noticed commits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, UniqueConstraint

from app.store.columns import Moment
from app.store.tables.metadata import WHERE, Id, metadata

noticings = Table(
    "noticings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("environment", String(63), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("noticed_at", Moment, nullable=False),
    Column("noticed_by", String(12), nullable=False),
    Column("seen", Boolean, nullable=False),
    Column("observe", Boolean, nullable=False),
    Column("committed_at", Moment),
    Column("visible_after", Moment),
    Column("pushed_at", Moment),
    Column("ending", String(12)),
    Column("ended_at", Moment),
    Column("operation", String(26), nullable=False),
    Column("superseded_by", String(64)),
    UniqueConstraint("environment_id", "revision", name="uq_noticings_once"),
    Index("ix_noticings_without_end", "environment_id", "id", info={WHERE: "ending IS NULL"}),
    Index("ix_noticings_environment", "environment_id", "id"),
    Index("ix_noticings_ended", "ending", "ended_at"),
    sqlite_autoincrement=True,
)
