"""Rows that cannot be read (written by a newer version, or damaged) are skipped and logged, never a whole list lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import structlog

from app.domain.errors import Problem
from app.store.columns import DAMAGED

T = TypeVar("T")
log = structlog.get_logger("store")


def sound(row: Any) -> Any:
    """The row, if each of its values can be read. Raises ValueError."""
    if any(value is DAMAGED for value in row):
        raise ValueError("a value of the row is damaged")
    return row


def readable(rows: Iterable[Any], read: Callable[[Any], T], what: str) -> tuple[T, ...]:
    """Every row that can be read, in order."""
    found = []
    for row in rows:
        try:
            found.append(read(sound(row)))
        except (Problem, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("a row cannot be read", table=what, id=str(row[0])[:60], problem=type(error).__name__)
    return tuple(found)
