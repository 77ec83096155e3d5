"""Forced interleavings: what one server does is cut at a transaction, and something else happens there.

No luck is involved: a run is cut at each of its write transactions in turn, either before it begins (what it read in an
earlier one may be out of date) or inside, just before it commits (what it read in this one may be).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from app.domain.errors import Problem
from tests.support.installation import Installation

Deed = Callable[[], object]
BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def tried(deed: Deed) -> Problem | None:
    """Do it; a refusal is an answer too, anything else that is raised is a failure of the test."""
    try:
        deed()
    except Problem as problem:
        return problem
    return None


class Cut:
    """Counts a server's write transactions, and lets `other` happen at the one numbered `at` (from 1; 0: never)."""

    def __init__(self, server: Installation, other: Deed, at: int = 0, *, inside: bool = False) -> None:
        self._server, self._other, self._at, self._inside = server, other, at, inside
        self._write = server.store.write
        self.count = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self._server.store.write = self._cut  # type: ignore[method-assign]
        try:
            yield
        finally:
            del self._server.store.write

    @contextmanager
    def _cut(self) -> Iterator[Any]:
        self.count += 1
        here = self.count == self._at
        if here and not self._inside:
            tried(self._other)
        if not (here and self._inside):
            with self._write() as tx:
                yield tx
            return
        with self._meanwhile() as begin, self._write() as tx:
            yield tx
            begin()

    @contextmanager
    def _meanwhile(self) -> Iterator[Deed]:
        """A start for `other`, which returns when it has ended or waits for a lock; it has ended when this is left."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                tried(self._other)
            except BaseException as problem:
                failed.append(problem)

        thread = threading.Thread(target=run)

        def begin() -> None:
            thread.start()
            deadline = time.monotonic() + 10
            with self._server.store.engine.connect() as connection:
                while thread.is_alive() and not connection.execute(BLOCKED).scalar():
                    connection.rollback()  # what is told of activity is a snapshot of its transaction
                    assert time.monotonic() < deadline
                    time.sleep(0.001)

        yield begin
        if thread.ident:
            thread.join()
        if failed:
            raise failed[0]
