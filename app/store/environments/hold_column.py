"""The JSON column of a hold on its environment's row."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.domain.environment import Hold


def hold_dict(hold: Hold | None) -> dict[str, Any] | None:
    """To the database."""
    if hold is None:
        return None
    values = asdict(hold)
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}


def read_hold(values: dict[str, Any] | None) -> Hold | None:
    """From the database."""
    if values is None:
        return None
    times = {key: datetime.fromisoformat(values[key]) if values[key] else None for key in ("created_at", "expires_at")}
    return Hold(**{**values, **times})
