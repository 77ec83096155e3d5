"""Identifiers that sort by time: ULIDs (48 bits of milliseconds, 80 random bits, Crockford base 32)."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_lock = threading.Lock()
_last = 0


def new_id(now: datetime) -> str:
    """A fresh 26-character ULID. Those that one process makes in the same millisecond still sort in order."""
    global _last
    with _lock:
        number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(79)
        if number >> 80 == _last >> 80:
            number = _last + 1
        _last = number
    return "".join(_DIGITS[(number >> shift) & 31] for shift in range(125, -1, -5))
