"""Passwords: Argon2id with the library's current parameters (RFC 9106)."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2  # each takes 64 MiB, and anybody may ask for one by trying to log in
NICE = 10


def _give_way() -> None:
    """Let every other thread go first: on Linux a thread, and those that it starts, have a priority of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Passwords:
    """Implements the port Hasher, on threads that are few and give way."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords", _give_way)

    def hash(self, password: str) -> str:
        return self._threads.submit(self._hasher.hash, password).result()

    def verify(self, stored: str, password: str) -> bool:
        try:
            return self._threads.submit(self._hasher.verify, stored, password).result()
        except (VerificationError, InvalidHashError):
            return False
