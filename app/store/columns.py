"""Column types that read and sort the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Damaged:
    """Placeholder for a stored value that cannot be read; an exception would lose all other rows of the query."""


DAMAGED = Damaged()


def micros(at: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)


class Moment(TypeDecorator[Any]):
    """A time, kept as microseconds since the epoch: exact, small, and fast to compare."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | Damaged | None:
        """From the database."""
        try:
            return None if value is None else _EPOCH + timedelta(microseconds=value)
        except (OverflowError, TypeError):
            return DAMAGED


class Json(TypeDecorator[Any]):
    """A JSON value, kept as text exactly as it was written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=True, default=str)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From the database."""
        try:
            return None if value is None else json.loads(value)
        except (ValueError, TypeError, RecursionError):
            return DAMAGED
