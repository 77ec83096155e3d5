"""Identifiers that sort by time: ULIDs (48 bits of milliseconds, 80 random bits, Crockford base 32)."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime, timedelta

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHIFTS = range(125, -1, -5)
_AHEAD = timedelta(days=2)
_lock = threading.Lock()
_last = 0


def new_id(now: datetime) -> str:
    """A fresh 26-character ULID. Those that one process makes sort in the order in which it made them, also within a
    millisecond and after its clock was set back."""
    global _last
    with _lock:
        number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(79)
        if number >> 80 <= _last >> 80:
            number = _last + 1
        _last = number
    return _text(number)


def follow(id: str, now: datetime) -> None:
    """Let ids that this process makes from now on sort behind one that was made before the clock was set back, unless
    it claims to be days ahead: an agent may have made it."""
    global _last
    if len(id) != 26 or not set(id) <= set(_DIGITS):
        return
    number = sum(_DIGITS.index(digit) << shift for digit, shift in zip(id, _SHIFTS, strict=True))
    if number >> 80 <= int((now + _AHEAD).timestamp() * 1000):
        with _lock:
            _last = max(_last, number)


def _text(number: int) -> str:
    return "".join(_DIGITS[(number >> shift) & 31] for shift in _SHIFTS)
