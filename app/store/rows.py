"""Rows that cannot be read (written by a newer version, or damaged) are skipped and logged, never a whole list lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from app.domain.errors import InvalidInput, Problem
from app.store.columns import DAMAGED

T = TypeVar("T")
log = logging.getLogger("store")


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
            details = {"table": what, "id": str(row[0])[:60], "problem": type(error).__name__}
            log.warning("a row cannot be read", extra=details)
    return tuple(found)


def digit(text: str) -> int:
    """The rank in a cursor."""
    if text not in ("0", "1"):
        raise InvalidInput("The cursor is not one of ours.", fields={"after": "must be the `next` of an earlier page"})
    return int(text)
