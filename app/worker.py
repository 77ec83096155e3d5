"""The queue's workers: threads that take operations one at a time and run them to their end."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection

from app.domain import ids
from app.domain.errors import OperationInProgress, OperationNotFound
from app.domain.operation import Operation
from app.git import stoppable
from app.notifications import InProcessNotifier
from app.ports import OperationFilter, Transaction
from app.processes import clear_up, end_children_with
from app.services.use_cases import UseCases

HEARTBEAT_S = 2.0
HELPERS = 3  # for each worker, so many more threads may come to help while all others are taken
TAKEN_S = 120.0  # without the end of any operation while all are taken: then this process is not ready
log = logging.getLogger("worker")


class Workers:
    """Threads over one queue. `shared`: other processes work on the same database."""

    def __init__(self, use_cases: UseCases, bus: InProcessNotifier, count: int, *, shared: bool) -> None:
        self.name = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(3)}"
        self._use_cases, self._bus, self._count, self._shared = use_cases, bus, count, shared
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._claiming = threading.Lock()
        self._stop_signals: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._helpers = 0
        self._moved = time.monotonic()  # when an operation ended last, or a thread was free

    def start(self) -> None:
        """Clear up and settle what a predecessor left, then start working."""
        children, folders = clear_up()
        if children or folders:
            log.warning("cleared up after a process that was killed", extra={"children": children, "folders": folders})
        self._follow()
        lost = self._use_cases.queue.recover(self.name if self._shared else None)
        end_children_with("PUSHPULL_OPERATION", [operation.id for operation in lost])
        for operation in lost:
            log.warning("settled an interrupted operation", extra=_of(operation))
        loops: list[Callable[[], None]] = [self._work] * self._count + [self._beat]
        for number, loop in enumerate(loops):
            thread = threading.Thread(target=loop, name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _follow(self) -> None:
        """New operations sort behind those of before, though the clock was set back while nothing ran."""
        ports = self._use_cases.ports
        with ports.store.read() as tx:
            for newest in tx.operations.page(OperationFilter(), 1, None).items:
                ids.follow(newest.id, ports.clock.now())

    def alive(self) -> bool:
        """Whether every thread runs."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def stuck_s(self) -> int:
        """For how many seconds all threads were taken without the end of any operation; 0 where that is not long."""
        waited = time.monotonic() - self._moved
        return int(waited) if waited > TAKEN_S else 0

    def quit(self) -> None:
        """Take nothing new."""
        self._stopping.set()
        self._bus.notify(("work",))

    def stop(self, timeout_s: float) -> None:
        """Take nothing new; wait for what runs, as long as there is time. What is left is settled at the next start."""
        self.quit()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._bus.count("work")
            operation = self._claim()
            if operation is None:
                self._bus.wait("work", seen, 0.5 if self._shared else 5.0)
            else:
                self._run(operation)

    def _claim(self) -> Operation | None:
        try:
            with self._claiming:
                return self._claim_next()
        except Exception:
            log.exception("could not claim an operation")
            self._stopping.wait(1.0)
            return None

    def _claim_next(self) -> Operation | None:
        """The last threads are kept for environments that are well: however many others wait for a host that is
        silent, an operation of an innocent one begins."""
        ports, scarce = self._use_cases.ports, len(self._stop_signals) >= self._count * HELPERS
        with ports.store.write() as tx:
            operation = tx.queue.claim(self.name, ports.clock.now(), well_only=scarce)
        if operation:
            with self._lock:
                self._stop_signals[operation.id] = threading.Event()
        return operation

    def _run(self, operation: Operation) -> None:
        stop = self._stop_signals[operation.id]
        try:
            with stoppable(stop.is_set):
                self._use_cases.reconciler.run(operation, stop.is_set)
            self._moved = time.monotonic()
        except Exception as error:
            log.exception("operation failed unexpectedly", extra=_of(operation))
            self._bury(operation, error)
        finally:
            with self._lock:
                self._stop_signals.pop(operation.id, None)

    def _bury(self, operation: Operation, error: Exception) -> None:
        if isinstance(error, OperationInProgress):
            return  # somebody else has ended it
        try:
            self._use_cases.reconciler.crashed(operation, error)
        except Exception:
            log.exception("could not end the operation", extra=_of(operation))

    def _beat(self) -> None:
        """Renew the leases of what runs here, all at once and seldom; hear at every ring who was told to stop."""
        renewed = time.monotonic()
        while not self._stopping.is_set() or self._stop_signals:
            with self._lock:
                running = dict(self._stop_signals)
            self._help(len(running))
            due = time.monotonic() - renewed >= HEARTBEAT_S
            renewed = time.monotonic() if due else renewed
            for id in self._lost(running, renewing=due):
                running[id].set()
            if not self._stopping.wait(0.05):
                self._bus.wait("work", self._bus.count("work"), HEARTBEAT_S)
            elif self._stop_signals:
                time.sleep(0.2)

    def _help(self, running: int) -> None:
        """Operations that wait for something slow must not make all others wait: where every thread is taken, another
        one looks for work, and goes when there is none."""
        if running < self._count + self._helpers:
            self._moved = time.monotonic()
        elif self._helpers < self._count * HELPERS and not self._stopping.is_set():
            with self._lock:
                self._helpers += 1
            threading.Thread(target=self._help_out, name="worker-helper", daemon=True).start()

    def _help_out(self) -> None:
        try:
            while not self._stopping.is_set():
                operation = self._claim()
                if operation is None:
                    self._moved = time.monotonic()  # nothing waits
                    return
                self._run(operation)
        finally:
            with self._lock:
                self._helpers -= 1

    def _lost(self, running: Collection[str], *, renewing: bool) -> list[str]:
        """Those that are no longer to run here. Unless their leases are renewed as well, nothing is written."""
        if not running:
            return []
        ports = self._use_cases.ports
        try:
            if not renewing:
                with ports.store.read() as tx:
                    return [id for id in running if not self._is_mine(tx, id)]
            with ports.store.write() as tx:
                return [id for id in running if not tx.queue.renew(id, self.name, ports.clock.now())]
        except Exception:
            log.exception("could not renew leases", extra={"operations": list(running)})
            return []

    def _is_mine(self, tx: Transaction, id: str) -> bool:
        try:
            lease = tx.operations.lease(id)
        except OperationNotFound:
            return False  # it went without news and left no trace
        return lease.held_by(self.name) and lease.termination_by is None


def _of(operation: Operation) -> dict[str, str]:
    return {"operation": operation.id, "environment": operation.environment}
