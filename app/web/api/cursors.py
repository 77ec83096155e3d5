"""Cursors that are numbers."""

from __future__ import annotations

from app.domain.errors import InvalidInput


def number(after: str | None) -> int | None:
    """A cursor that is a number. Raises InvalidInput."""
    if after is None or after == "":
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise InvalidInput("The cursor is not one of ours.", fields={"after": "must be the `next` of an earlier page"})
    return int(after)
