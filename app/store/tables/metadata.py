"""The metadata that all tables share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()
Id = BigInteger().with_variant(Integer, "sqlite")
# A partial index is made by the migrations; here it is told only, because a dialect's own argument loads the dialect,
# which takes an agent 2 MB.
WHERE = "where"
ACTIVE = "phase IN ('queued', 'running')"
