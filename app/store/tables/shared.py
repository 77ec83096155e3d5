"""What all tables share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()
Id = BigInteger().with_variant(Integer, "sqlite")
ACTIVE = "phase IN ('queued', 'running')"
