"""An end from outside for requests: a server that sends a byte now and then keeps every timeout of its own waiting."""

from __future__ import annotations

import contextvars
import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from app.domain.errors import Problem
from app.git import heed

CHECK_S = 0.25


class CutOff:
    """Shuts the connections of the requests within its block once `seconds` are over, which raises `late`, or once the
    operation is stopped, which raises Terminated. The requests tell of their connections to `trace`."""

    def __init__(self, seconds: float, late: Problem) -> None:
        self._end, self._late = time.monotonic() + seconds, late
        self._over, self._turn = threading.Event(), threading.Lock()
        self._why: Problem | None = None
        self._open: list[socket.socket] = []
        self._context = contextvars.copy_context()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="lfs")

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpx does, as its extension "trace" tells it."""
        if event == "connection.connect_tcp.complete":
            opened = info["return_value"].get_extra_info("socket")
            with self._turn:
                self._open.append(opened.dup())
            if self._why is not None:
                self._shut()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        for one in self._open:
            one.close()
        if self._why is not None:
            raise self._why from None

    def _watch(self) -> None:
        while not self._over.wait(CHECK_S):
            try:
                self._context.run(heed)
                if time.monotonic() > self._end:
                    raise self._late
            except Problem as why:
                self._why = why
                self._shut()
                return

    def _shut(self) -> None:
        with self._turn:
            for one in self._open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it is over already
