"""Identifiers that sort by time: ULIDs (48 bits of milliseconds, 80 random bits, Crockford base 32)."""

from __future__ import annotations

import secrets
from datetime import datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(now: datetime) -> str:
    """A fresh 26-character ULID for a moment in time."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(_DIGITS[(number >> shift) & 31] for shift in range(125, -1, -5))
