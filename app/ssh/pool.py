"""The connections of this process."""

from __future__ import annotations

import atexit
import threading

from app.ssh.ssh_config import Way
from app.ssh.ssh_connection import Connection


class Pool:
    """One connection per way, shared by every environment that takes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Way, Connection] = {}
        atexit.register(self.close)

    def connection(self, way: Way) -> Connection:
        """The connection for a way; it is made when it is first used."""
        with self._lock:
            return self._kept.setdefault(way, Connection(way))

    def close(self) -> None:
        """Hang up everywhere."""
        with self._lock:
            kept = list(self._kept.values())
            self._kept.clear()
        for one in kept:
            one.close()
