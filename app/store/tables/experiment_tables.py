"""Twin experiments and the steps that were done in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from app.store.columns import Json, Moment
from app.store.tables.metadata import metadata

experiments = Table(
    "experiments",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("seed", BigInteger, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("phase", String(12), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("version", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("finished_at", Moment),
    Column("removed_at", Moment),
    Column("progress", Json, nullable=False),
    Column("worker", String(100)),
    Column("heartbeat_at", Moment),
    Index("ix_experiments_phase", "phase"),
)

experiment_steps = Table(
    "experiment_steps",
    metadata,
    Column("experiment", String(26), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("data", Json, nullable=False),
)
