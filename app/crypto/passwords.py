"""Passwords: Argon2id with the library's current parameters (RFC 9106)."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2  # each takes 64 MiB, and anybody may ask for one by trying to log in


class Passwords:
    """Implements the port Hasher."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        try:
            with self._turn:
                return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
