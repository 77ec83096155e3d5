"""Paging: `?limit=` and `?after=` of every list."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from app.domain.errors import InvalidInput

Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
After = Annotated[str | None, Query(max_length=500, description="The `next` of the page before.")]


def number(after: str | None) -> int | None:
    """A cursor that is a number. Raises InvalidInput."""
    if after is None or after == "":
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise InvalidInput("The cursor is not one of ours.", fields={"after": "must be the `next` of an earlier page"})
    return int(after)
