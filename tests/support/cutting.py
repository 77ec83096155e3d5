"""A way to a server that can be cut at any byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Cut:
    """Forwards connections to a port of this machine until told how many more bytes may pass."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._left: int | None = None
        self._open: list[socket.socket] = []
        self._over = False
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def after(self, count: int | None) -> None:
        """Cut everything that is open once `count` more bytes have passed; None mends the way."""
        with self._lock:
            self._left = count

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            with self._lock:
                if self._over:
                    near.close()
                    far.close()
                    return
                self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def _copy(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := one.recv(1 << 14):
                passing = self._passing(chunk)
                other.sendall(passing)
                if len(passing) < len(chunk):
                    self.now()
                    return
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def _passing(self, chunk: bytes) -> bytes:
        with self._lock:
            if self._left is not None:
                chunk = chunk[: self._left]
                self._left -= len(chunk)
            self.passed += len(chunk)
            return chunk

    def now(self) -> None:
        """Cut everything that is open."""
        with self._lock:
            cut, self._open = self._open, []
        for one in cut:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.now()
