"""One writer at a time, on either database: whatever a writer reads stays true until it commits.

Every change appends to the one audit chain, so writers take turns in any case; here they do so before they read. SQLite
does it with BEGIN IMMEDIATE, PostgreSQL with a lock of ours that ends with the transaction. Threads of one process wait
for each other first, without holding a connection meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from app.domain.errors import ConcurrentChange, DatabaseAway

TURN_S = 8.0  # that a thread waits for the others of its process
LOCK_S = 5.0  # that it then waits for other processes
STUCK_S = 30.0  # after which PostgreSQL ends the transaction of a process that stopped in the middle of one
WRITER = 7_210_001
log = logging.getLogger("store")
_EXCLUDE = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :stuck, true),"
    " pg_advisory_xact_lock(:writer)"
).bindparams(wait=f"{LOCK_S:.0f}s", stuck=f"{STUCK_S:.0f}s", writer=WRITER)


class Turns:
    """Turns of one process's writers. A thread that has its turn must not ask again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it. Raises DatabaseAway after TURN_S."""
        if not self._lock.acquire(timeout=TURN_S):
            raise DatabaseAway("The database is busy with other changes; nothing was changed. Try again in a moment.")
        try:
            yield
        finally:
            self._lock.release()


def exclude_others(connection: Connection) -> None:
    """Keep writers of other processes out until the end of the transaction that has just begun on PostgreSQL."""
    if connection.dialect.name == "postgresql":
        connection.execute(_EXCLUDE)


@contextmanager
def answering() -> Iterator[None]:
    """What the database cannot do now, as a problem that callers know: DatabaseAway or ConcurrentChange."""
    try:
        yield
    except (OperationalError, InternalError, InterfaceError, NoConnection) as problem:
        cause = getattr(problem, "orig", None) or problem
        log.warning("the database did not do it", extra={"problem": type(cause).__name__, "said": str(cause)[:200]})
        raise DatabaseAway() from problem
    except IntegrityError as problem:
        log.exception("a change does not go together with what is stored")
        raise ConcurrentChange() from problem
