"""Which operation is worked on next, and by whom.

What a person sees of an operation stands in `Operations` and stays there for good; this port only hands operations to
workers. An adapter lives inside the store's transaction, so that an operation and its place in the queue are written
together or not at all: the embedded adapter (app/store/repositories/embedded_queue.py) reads the operations themselves;
an engine with tables of its own on the same PostgreSQL can take its place without a change in any service.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from app.domain.operation import Operation


class WorkQueue(Protocol):
    """The queue as one transaction sees it. At most one operation of an environment is running at any time."""

    def put(self, operation: Operation) -> None:
        """Offer an operation that `Operations.add` has just written in phase queued. Operations of one environment
        are given out in the order of their ids; those of different environments do not wait for each other."""
        ...

    def claim(self, worker: str, now: datetime, *, well_only: bool = False) -> Operation | None:
        """Take the oldest offered operation whose environment has none running; those of environments whose last sync
        failed come after all others, and with `well_only` not at all. Mark it running: phase, `worker`,
        `started_at` and `heartbeat_at` (both `now`, UTC). Two workers never get the same one. None where there is
        nothing to do, or where what was taken cannot be read (its record is ended in phase error)."""
        ...

    def renew(self, id: str, worker: str, now: datetime) -> bool:
        """Renew the lease of a running operation (`heartbeat_at` becomes `now`). False if the operation was taken
        from this worker, has ended, or was asked to stop."""
        ...

    def abandoned(self, before: datetime, except_worker: str | None) -> tuple[Operation, ...]:
        """Running operations whose last heartbeat is older than `before`; those of `except_worker` are left out."""
        ...

    def remove(self, id: str) -> None:
        """The operation has ended, run or not: it is offered to nobody any more. Unknown ids are no error."""
        ...
