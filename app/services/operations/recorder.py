"""The recorder of a running operation: stages, log lines, progress, and the one transaction that ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.errors import OperationInProgress, Terminated
from app.domain.events import Fact
from app.domain.events.operation_events import OperationLog, OperationStage
from app.domain.masking import mask
from app.domain.operation import Operation, PlannedPath, Stage, StageName
from app.domain.state.items import printable
from app.domain.state.plan import PlanItem
from app.ports import Ports, Transaction
from app.services.outcomes.conclusion import Conclusion, conclude
from app.services.outcomes.operation_records import event_of, is_quiet

PROGRESS_EVERY_S = 0.25
ORDER = list(StageName)


class OperationRecorder:
    """Records one operation; `operation` is its state so far. Implements the port ApplyProgress."""

    def __init__(self, ports: Ports, operation: Operation, stopped: Callable[[], bool]) -> None:
        self.ports = ports
        self.operation = operation
        self._stopped = stopped
        self._shown = 0.0
        self._unreached: set[StageName] = set()
        self.topics = ("ledger", f"environment-{operation.environment}")

    # --- ApplyProgress ---
    def check(self) -> None:
        if self._stopped():
            raise Terminated()

    def progressed(self, done: int, total: int, path: bytes) -> None:
        self.check()
        self.operation = replace(self.operation, done=done, total=total)
        now = self.ports.clock.monotonic()
        if now - self._shown >= PROGRESS_EVERY_S:
            self._shown = now
            with self.ports.store.write() as tx:
                tx.operations.progress(self.operation.id, done, total)
            self.ports.notifier.notify(self.topics)

    # --- record ---
    def note(self, **fields: Any) -> None:
        """Set fields of the operation; the next stage, log line or the end stores them."""
        self.operation = replace(self.operation, **fields)

    def remember(self, **detail: Any) -> None:
        """Set fields of the operation's detail; see `note`."""
        self.note(detail=replace(self.operation.detail, **detail))

    def stamp(self, name: StageName, started_at: datetime, finished_at: datetime) -> None:
        """Record a stage whose times are known, at its place in the order of stages."""
        stages = [stage for stage in self.operation.stages if stage.name is not name]
        stages.append(Stage(name, started_at, finished_at))
        self.note(stages=tuple(sorted(stages, key=lambda stage: ORDER.index(stage.name))))

    @contextmanager
    def stage(self, name: StageName) -> Iterator[None]:
        """Time a stage, and store its beginning and its end as they come; one that fails stays open, so that the page
        shows where it ended."""
        started = self.ports.clock.now()
        self.note(stages=(*self.operation.stages, Stage(name, started)))
        self.check()
        self._tell(OperationStage(self.operation.trigger.value, self.operation.revision, stage=name.value))
        yield
        if name not in self._unreached:
            self.stamp(name, started, self.ports.clock.now())
            self._tell()

    def unreached(self, name: StageName) -> None:
        """Leave a stage open at its end, because it did not reach the state that it is named after."""
        self._unreached.add(name)

    def log(self, text: str) -> None:
        """Append a line to the operation's log, masked."""
        self._save(OperationLog(line=mask(text)))

    def write(self, record: Callable[[Transaction, Operation], None]) -> None:
        """Write down what the run found before it goes on, in one transaction, as long as the run is still ours."""
        with self.ports.store.write() as tx:
            record(tx, self._merged(tx))
        self.ports.notifier.notify(self.topics)

    def _tell(self, fact: Fact | None = None) -> None:
        """Store how far it is; nobody watches a scheduled refresh."""
        if not is_quiet(self.operation):
            self._save(fact)

    def _save(self, fact: Fact | None) -> None:
        with self.ports.store.write() as tx:
            tx.operations.save(self._merged(tx))
            if fact and not is_quiet(self.operation):
                tx.ledger.append(self.ports.clock.now(), [event_of(self.operation, fact)])
        self.ports.notifier.notify(self.topics)

    def _merged(self, tx: Transaction) -> Operation:
        """The operation with the changes of other transactions; OperationInProgress if another worker took the run."""
        lease = tx.operations.lease(self.operation.id)
        if not lease.held_by(self.operation.worker):
            raise OperationInProgress("Another worker has ended the operation meanwhile.")
        return replace(self.operation, termination_by=lease.termination_by, heartbeat_at=lease.heartbeat_at)

    def conclude(self, conclusion: Conclusion) -> Operation:
        """End the operation, in one transaction."""
        with self.ports.store.write() as tx:
            ended = conclude(tx, self._merged(tx), conclusion, self.ports.clock.now())
        self.ports.notifier.notify(("work", *self.topics))
        self.operation = ended
        return ended


def paths_of(items: Sequence[PlanItem], limit: int = 500) -> tuple[PlannedPath, ...]:
    """A bounded part of a plan, for an operation's detail."""
    return tuple(PlannedPath(printable(item.key), item.action.value) for item in items[:limit])
