"""When something that people give an end ends: holds, ignore rules, tokens."""

from __future__ import annotations

from datetime import datetime

from app.domain.errors import InvalidInput


def require_future(expires_at: datetime | None, now: datetime) -> None:
    """Raises InvalidInput for an end that lies in the past; None is no end."""
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(fields={"expires_at": "lies in the past; give a later moment or leave it out"})
