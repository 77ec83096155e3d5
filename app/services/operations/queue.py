"""Asking for operations: every trigger ends here, so that push, pull, click and rollback walk the same road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.domain.actor import RECOVERY, Actor
from app.domain.agents.protocol import CommandKind
from app.domain.agents.wire import encode
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment
from app.domain.errors import OperationFinished
from app.domain.events import EventType, NewEvent
from app.domain.ids import new_id
from app.domain.masking import mask
from app.domain.operation import AUTOMATIC, Operation, OperationKind, Outcome, Phase, Request, Trigger
from app.ports import Ports, Transaction, topics
from app.services.relay import recalled, relay, waits_for

Told = tuple[CommandKind, Mapping[str, Any]]
MAX_RETRIES = 2
LEASE = timedelta(seconds=30)


class Queue:
    """Accepts, ends and recovers operations."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def ask(self, environment: str, request: Request, actor: Actor) -> Operation:
        """Queue an operation. A queued refresh is shared; a queued automatic sync makes way for a newer one."""
        with self._ports.store.write() as tx:
            found = tx.environments.get(environment)
            operation = self.add(tx, found, request, actor)
        self._ports.notifier.notify(topics(found))
        return operation

    def add(
        self,
        tx: Transaction,
        environment: Environment,
        request: Request,
        actor: Actor,
        told: Told | None = None,
        id: str = "",
    ) -> Operation:
        """Queue an operation inside a transaction; the caller rings `topics(environment)` after the commit.

        Where an agent works for the environment, it is told to queue it, or what `told` says. `id`: the one that was
        promised to who asked."""
        queued = tx.operations.queued(environment.id)
        if request.kind is OperationKind.REFRESH:
            waiting = next((one for one in queued if one.kind is OperationKind.REFRESH), None)
            if waiting:
                return waiting
        operation = self._new(environment, _masked(request))
        operation = replace(operation, id=id or operation.id, reason=waits_for(self._ports, tx, environment))
        kind, data = told or (CommandKind.OPERATE, encode(operation))
        data = {**data, "operation": operation.id} if told else data
        if relay(self._ports, tx, environment, kind, data, operation.id):
            tx.operations.add(operation)  # an agent orders its own queue
        else:
            self.take(tx, operation)
        if not is_quiet(operation):
            tx.ledger.append(operation.created_at, [_event(operation, EventType.OPERATION_QUEUED)])
            tx.audit.append(operation.created_at, _requested(operation, actor))
        return operation

    def take(self, tx: Transaction, operation: Operation) -> None:
        """Queue an operation of which everybody knows; older automatic ones make way for an automatic one."""
        queued = tx.operations.queued(operation.environment_id)
        tx.operations.add(operation)
        tx.queue.put(operation)
        for one in queued:
            if operation.kind is OperationKind.SYNC and operation.trigger in AUTOMATIC and _gives_way(one):
                self._supersede(tx, one, operation)

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

    def _supersede(self, tx: Transaction, older: Operation, newer: Operation) -> None:
        reason = f"superseded by {newer.request.wanted or newer.id} before it ran"
        ended = replace(
            older,
            phase=Phase.SUPERSEDED,
            outcome=Outcome.SUPERSEDED,
            revision=older.request.wanted,
            reason=reason,
            finished_at=newer.created_at,
        )
        tx.operations.save(ended)
        tx.ledger.append(newer.created_at, [finished_event(ended)])

    def terminate(self, id: str, actor: Actor) -> Operation:
        """Stop an operation: at once if queued, between two files if running. Raises OperationFinished."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            operation = tx.operations.get(id)
            if operation.phase.final:
                raise OperationFinished(f"Operation {id} ended {operation.phase.value} already.")
            asked = replace(operation, termination_by=actor.name)
            environment = tx.environments.by_id(operation.environment_id)
            if not self._begun(tx, environment, operation, actor):
                asked = replace(asked, phase=Phase.TERMINATED, finished_at=now, reason=f"stopped by {actor.name}")
                tx.ledger.append(now, [finished_event(asked)])
            tx.operations.save(asked)
            data = {"environment": operation.environment}
            tx.audit.append(now, NewAuditEntry(actor.name, "operation.terminate", f"operation:{id}", data, actor.ip))
        self._ports.notifier.notify(topics(environment))
        return asked

    def _begun(self, tx: Transaction, environment: Environment, operation: Operation, actor: Actor) -> bool:
        """Whether somebody has to stop it: a worker of ours, or its agent, which is told to."""
        if recalled(tx, operation):
            return False
        data = {"operation": operation.id, "by": actor.name}
        told = relay(self._ports, tx, environment, CommandKind.TERMINATE, data, operation.id)
        return told or operation.phase is Phase.RUNNING

    def recover(self, worker: str | None) -> tuple[Operation, ...]:
        """Settle running operations whose worker is gone and queue them again where that is safe.

        `worker`: with a name, only operations without a heartbeat for `LEASE`; None: every running one (at the start
        of an installation that has a single process). Returns what was settled.
        """
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            lost = tx.queue.abandoned(now - LEASE if worker else now, worker)
            for operation in lost:
                self._settle(tx, operation)
        if lost:
            self._ports.notifier.notify(("work", "ledger", *(f"environment-{one.environment}" for one in lost)))
        return lost

    def _settle(self, tx: Transaction, operation: Operation) -> None:
        now = self._ports.clock.now()
        told_to_stop = operation.termination_by is not None
        ended = replace(
            operation,
            phase=Phase.TERMINATED if told_to_stop else Phase.ERROR,
            outcome=None if told_to_stop else Outcome.FAILED,
            reason=f"stopped by {operation.termination_by}" if told_to_stop else "interrupted: its process ended",
            finished_at=now,
            worker=None,
        )
        tx.operations.save(ended)
        tx.ledger.append(now, [finished_event(ended)])
        tx.audit.append(now, finished_entry(ended, RECOVERY))
        attempts = int(operation.detail.get("attempts", 0))
        if told_to_stop or attempts >= MAX_RETRIES:
            return
        request = replace(operation.request, retry_of=operation.id, reason="repeated after an interruption")
        again = replace(self._new(tx.environments.by_id(operation.environment_id), request), detail={
            "attempts": attempts + 1
        })  # fmt: skip
        tx.operations.add(again)
        tx.queue.put(again)
        tx.ledger.append(now, [_event(again, EventType.OPERATION_QUEUED)])


def is_quiet(operation: Operation) -> bool:
    """Scheduled refreshes leave a trace only when their verdict changes; the environment says when it was checked."""
    return operation.kind is OperationKind.REFRESH and operation.trigger is Trigger.SCHEDULE


def _masked(request: Request) -> Request:
    """What a pipeline tells of itself is shown and kept for good."""
    run = request.pipeline
    shown = replace(run, url=mask(run.url), id=mask(run.id)) if run else None
    return replace(request, pipeline=shown, reason=mask(request.reason))


def _gives_way(queued: Operation) -> bool:
    return queued.kind is OperationKind.SYNC and queued.trigger is Trigger.SCHEDULE


def _event(operation: Operation, type: EventType, **data: Any) -> NewEvent:
    facts = {
        "kind": operation.kind.value,
        "mode": operation.mode,
        "trigger": operation.trigger.value,
        "initiated_by": operation.request.initiated_by,
        "revision": operation.revision or operation.request.wanted,
    }
    return NewEvent(
        type, operation.environment, operation.environment_id, operation.id, operation.reason, {**facts, **data}
    )


def finished_event(operation: Operation) -> NewEvent:
    """The ledger's entry for an operation's end."""
    changes = operation.changes
    return _event(
        operation,
        EventType.OPERATION_FINISHED,
        phase=operation.phase.value,
        outcome=operation.outcome.value if operation.outcome else None,
        from_revision=operation.from_revision,
        created=changes.created,
        updated=changes.updated,
        deleted=changes.deleted,
    )


def _requested(operation: Operation, actor: Actor) -> NewAuditEntry:
    request = operation.request
    data: dict[str, Any] = {
        "environment": operation.environment,
        "mode": operation.mode,
        "trigger": request.trigger.value,
        "revision": request.wanted,
        "reason": request.reason,
    }
    if request.pipeline:
        data["pipeline"] = {"url": request.pipeline.url, "id": request.pipeline.id}
    return NewAuditEntry(actor.name, f"{request.kind.value}.request", f"operation:{operation.id}", data, actor.ip)


def finished_entry(operation: Operation, actor: Actor | None = None) -> NewAuditEntry:
    """The audit log's entry for an operation's end: what was deployed, by whom, with which result."""
    data = {
        "environment": operation.environment,
        "mode": operation.mode,
        "trigger": operation.trigger.value,
        "phase": operation.phase.value,
        "outcome": operation.outcome.value if operation.outcome else None,
        "from_revision": operation.from_revision,
        "revision": operation.revision,
        "reason": operation.reason,
        "tree": operation.detail.get("tree"),
    }
    who = actor.name if actor else operation.request.initiated_by
    return NewAuditEntry(who, f"{operation.kind.value}.finish", f"operation:{operation.id}", data)
