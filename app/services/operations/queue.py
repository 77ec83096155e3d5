"""Asking for operations: every trigger ends here, so that push, pull, click and rollback walk the same road."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.actor import RECOVERY, Actor
from app.domain.agents.protocol import CommandKind
from app.domain.agents.wire import encode
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment
from app.domain.errors import EnvironmentNotFound, OperationFinished
from app.domain.ids import new_id
from app.domain.masking import mask
from app.domain.operation import AUTOMATIC, Operation, OperationDetail, OperationKind, Outcome, Phase, Request, Trigger
from app.ports import Ports, Transaction, topics
from app.services.operations.hold_check import overridden, refuse_unless_overridden
from app.services.outcomes.conclusion import Conclusion, conclude, request_stop, stopped
from app.services.outcomes.operation_records import is_quiet, override_events, queued_event, requested_entry
from app.services.relay import recalled, relay, waits_for

AgentCommand = tuple[CommandKind, Mapping[str, Any]]
MAX_RETRIES = 2
LEASE = timedelta(seconds=30)
ANY_TIME = datetime.max.replace(tzinfo=UTC)


class Heartbeats:
    """The heartbeats of others' operations as this process saw them, and for how long each has not changed, in
    monotonic seconds: their clocks and ours may show anything, and be set at any time."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime | None, float]] = {}

    def silent(self, running: Collection[Operation], now_s: float) -> list[Operation]:
        """Those whose heartbeat has not changed for `LEASE`."""
        known = self._seen
        self._seen = {}
        for one in running:
            before = known.get(one.id)
            same = before is not None and before[0] == one.heartbeat_at
            self._seen[one.id] = before if same and before else (one.heartbeat_at, now_s)
        return [one for one in running if now_s - self._seen[one.id][1] >= LEASE.total_seconds()]


class Queue:
    """Accepts, ends and recovers operations."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._heard = Heartbeats()

    def ask(self, environment: str, request: Request, actor: Actor) -> Operation:
        """Queue an operation. A queued refresh is shared; a queued automatic sync makes way for a newer one.

        Raises EnvironmentHeld for a delivery by hand under a hold that it does not override.
        """
        with self._ports.store.write() as tx:
            found = tx.environments.get(environment)
            refuse_unless_overridden(found, request)
            operation = self.add(tx, found, request, actor)
        self._ports.notifier.notify(topics(found))
        return operation

    def add(
        self,
        tx: Transaction,
        environment: Environment,
        request: Request,
        actor: Actor,
        command: AgentCommand | None = None,
        id: str = "",
    ) -> Operation:
        """Queue an operation inside a transaction; the caller rings `topics(environment)` after the commit.

        An environment's agent gets the command to queue it, or `command` instead. `id`: an id that the caller has
        promised already."""
        queued = tx.operations.queued(environment.id)
        if request.kind is OperationKind.REFRESH:
            waiting = next((one for one in queued if one.kind is OperationKind.REFRESH), None)
            if waiting:
                return waiting
        operation = self._new(environment, _masked(request))
        operation = replace(operation, id=id or operation.id, reason=waits_for(self._ports, tx, environment))
        kind, data = command or (CommandKind.OPERATE, encode(operation))
        data = {**data, "operation": operation.id} if command else data
        if relay(self._ports, tx, environment, kind, data, operation.id):
            tx.operations.add(operation)  # an agent orders its own queue
        else:
            self.take(tx, operation)
        if not is_quiet(operation):
            over = overridden(environment, request)
            tx.ledger.append(operation.created_at, [queued_event(operation), *override_events(operation, over)])
            tx.audit.append(operation.created_at, requested_entry(operation, actor, over))
        return operation

    def take(self, tx: Transaction, operation: Operation) -> None:
        """Queue an operation that is recorded already; an automatic one supersedes older automatic ones."""
        supersedes = operation.kind is OperationKind.SYNC and operation.trigger in AUTOMATIC
        queued = tx.operations.queued(operation.environment_id) if supersedes else ()
        tx.operations.add(operation)
        tx.queue.put(operation)
        for one in queued:
            if _gives_way(one):
                conclude(tx, one, _superseded(one, operation), operation.created_at)

    def _new(self, environment: Environment, request: Request) -> Operation:
        now = self._ports.clock.now()
        return Operation(
            id=new_id(now),
            environment_id=environment.id,
            environment=environment.name,
            mode=environment.mode.value,
            request=request,
            phase=Phase.QUEUED,
            created_at=now,
            from_revision=environment.status.revision,
        )

    def terminate(self, id: str, actor: Actor) -> Operation:
        """Stop an operation: at once if queued, between two files if running. Raises OperationFinished."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            operation = tx.operations.get(id)
            if operation.phase.final:
                raise OperationFinished(f"Operation {id} ended {operation.phase.value} already.")
            environment = _environment(tx, operation)
            data = {"environment": operation.environment}
            tx.audit.append(now, NewAuditEntry(actor, "operation.terminate", f"operation:{id}", data))
            begun = environment is not None and self._begun(tx, environment, operation, actor)
            asked = request_stop(tx, operation, str(actor))
            if not begun:
                asked = conclude(tx, asked, stopped(str(actor)), now)
        self._ports.notifier.notify(topics(environment) if environment else ("work", "ledger"))
        return asked

    def _begun(self, tx: Transaction, environment: Environment, operation: Operation, actor: Actor) -> bool:
        """Whether the operation has begun: our worker has to stop it, or its agent, which gets the command to stop."""
        if recalled(tx, operation):
            return False
        data = {"operation": operation.id, "by": str(actor)}
        relayed = relay(self._ports, tx, environment, CommandKind.TERMINATE, data, operation.id)
        return relayed or operation.phase is Phase.RUNNING

    def recover(self, worker: str | None) -> tuple[Operation, ...]:
        """Settle running operations whose worker is gone and queue them again where that is safe.

        `worker`: this process's own name, whose operations are left alone; of the others' those are lost whose
        heartbeat was watched from here for `LEASE` and did not change, whatever clocks say. None: every running one
        (at the start of an installation that has a single process). Returns what was settled.
        """
        with self._ports.store.read() as tx:
            running = tx.queue.abandoned(ANY_TIME, worker)
        silent = {one.id for one in self._heard.silent(running, self._ports.clock.monotonic())} if worker else None
        if not running or silent == set():
            return ()
        with self._ports.store.write() as tx:
            beats = {one.id: one.heartbeat_at for one in running if silent is None or one.id in silent}
            now_running = tx.queue.abandoned(ANY_TIME, worker)
            lost = tuple(one for one in now_running if one.id in beats and one.heartbeat_at == beats[one.id])
            for operation in lost:
                self._settle(tx, operation)
        if lost:
            self._ports.notifier.notify(("work", "ledger", *(f"environment-{one.environment}" for one in lost)))
        return lost

    def _settle(self, tx: Transaction, operation: Operation) -> None:
        now = self._ports.clock.now()
        lost = Conclusion(Phase.ERROR, Outcome.FAILED, "interrupted: its process ended")
        end = stopped(operation.termination_by) if operation.termination_by else lost
        conclude(tx, operation, replace(end, by=RECOVERY), now)
        attempts = operation.detail.attempts
        if operation.termination_by or attempts >= MAX_RETRIES:
            return
        request = replace(operation.request, retry_of=operation.id, reason="repeated after an interruption")
        environment = _environment(tx, operation)
        if environment is None:
            return
        again = self._new(environment, request)
        again = replace(again, detail=OperationDetail(attempts=attempts + 1))
        tx.operations.add(again)
        tx.queue.put(again)
        tx.ledger.append(now, [queued_event(again)])


def _environment(tx: Transaction, operation: Operation) -> Environment | None:
    """The operation's environment; None where it was deleted, as an earlier version allowed meanwhile."""
    try:
        return tx.environments.by_id(operation.environment_id)
    except EnvironmentNotFound:
        return None


def _masked(request: Request) -> Request:
    """The request with secrets masked in the pipeline's data, which is shown and kept for good."""
    run = request.pipeline
    shown = replace(run, url=mask(run.url), id=mask(run.id)) if run else None
    return replace(request, pipeline=shown, reason=mask(request.reason))


def _gives_way(queued: Operation) -> bool:
    return queued.kind is OperationKind.SYNC and queued.trigger is Trigger.SCHEDULE


def _superseded(older: Operation, newer: Operation) -> Conclusion:
    """The end of a queued sync that makes way for a newer one."""
    reason = f"superseded by {newer.request.wanted or newer.id} before it ran"
    newest = newer.request.wanted
    return Conclusion(Phase.SUPERSEDED, Outcome.SUPERSEDED, reason, revision=older.request.wanted, superseded_by=newest)
