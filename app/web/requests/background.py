"""Work that starts with a request and ends after it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog

from app.domain.errors import Problem

log = structlog.get_logger("background")
Work = tuple[str, Callable[[], object]]


def in_background(what: str, call: Callable[[], object]) -> None:
    """Run a piece of work whose failure has nobody left to tell but the log; problems are in the ledger already."""
    try:
        call()
    except Problem as problem:
        log.info("did not succeed", what=what, problem=problem.code(), detail=problem.detail)
    except Exception:
        log.exception("failed", what=what)


class Background:
    """A few threads for work that a response does not wait for.

    What is lost at a stop is made up for: stored webhooks and unseen repositories are looked at by the scheduler.
    """

    def __init__(self, threads: int = 4) -> None:
        self._waiting: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._count = threads

    def start(self) -> None:
        """Start the threads; they do not keep the process alive."""
        for number in range(self._count):
            threading.Thread(target=self._work, name=f"background-{number}", daemon=True).start()

    def run(self, what: str, call: Callable[[], object]) -> None:
        """Do it soon. `what` names it in the log."""
        self._waiting.put((what, call))

    def stop(self) -> None:
        """Begin nothing new."""
        for _ in range(self._count):
            self._waiting.put(None)

    def _work(self) -> None:
        while True:
            work = self._waiting.get()
            if work is None:
                return
            in_background(*work)
