"""A limit of time from outside for what has none of its own: name servers, and peers that send a byte now and then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
AT_ONCE = 64  # that wait for an answer, those included that nobody waits for any more
CHECK_S = 0.1
_places = threading.BoundedSemaphore(AT_ONCE)


class TooManyWaiting(OSError):
    """So many looks wait for answers that do not come that this one was not begun."""


class Limited(Generic[T]):
    """One piece of work in a thread of its own. `opened` tells it of sockets, which are shut when time is up: that ends
    whatever is read from them. Only the question to a name server cannot be ended; its thread is left to itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guards: list[socket.socket] = []
        self._over = False
        self._done = threading.Event()
        self._result: T | None = None
        self._problem: BaseException | None = None

    def opened(self, one: socket.socket) -> None:
        """A socket was opened. Raises TimeoutError where time is up already."""
        with self._lock:
            if self._over:
                raise TimeoutError
            self._guards.append(one.dup())

    def run(self, work: Callable[[Limited[T]], T], seconds: float, wanted: Callable[[], None]) -> T:
        """The result of `work`. Raises what it raises, TimeoutError when time is up, and what `wanted` raises."""
        if not _places.acquire(blocking=False):
            raise TooManyWaiting("too many earlier checks still wait for an answer")
        end = time.monotonic() + seconds
        try:
            threading.Thread(target=self._work, args=(work,), daemon=True, name="check").start()
        except BaseException:
            _places.release()
            raise
        try:
            while not self._done.wait(min(CHECK_S, max(0.0, end - time.monotonic()))):
                wanted()
                if time.monotonic() >= end:
                    raise TimeoutError
        finally:
            self._shut()
        if self._problem is not None:
            raise self._problem
        return self._result  # type: ignore[return-value]

    def _work(self, work: Callable[[Limited[T]], T]) -> None:
        try:
            self._result = work(self)
        except BaseException as problem:  # noqa: BLE001 - it is raised where the result is waited for
            self._problem = problem
        finally:
            _places.release()
            self._done.set()

    def _shut(self) -> None:
        with self._lock:
            self._over = True
            for one in self._guards:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                one.close()
