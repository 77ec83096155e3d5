"""The records of an operation in ledger and audit log: its request and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.actor import Actor
from app.domain.audit import NewAuditEntry
from app.domain.events import Fact, NewEvent
from app.domain.events.operation_events import OperationConcluded, OperationLog, OperationQueued
from app.domain.operation import Operation, OperationKind, Trigger

PATHS = 200  # that were asked for and stand in an audit entry


def is_quiet(operation: Operation) -> bool:
    """Scheduled refreshes leave a trace only when their verdict changes; the environment says when it was checked."""
    return operation.kind is OperationKind.REFRESH and operation.trigger is Trigger.SCHEDULE


def queued_event(operation: Operation) -> NewEvent:
    """The ledger's entry for an operation's request."""
    request = operation.request
    fact = OperationQueued(
        operation.kind.value, operation.mode, request.trigger.value, Actor.parse(request.initiated_by),
        operation.revision or request.wanted, why=operation.reason,
    )  # fmt: skip
    return event_of(operation, fact)


def finished_event(operation: Operation) -> NewEvent:
    """The ledger's entry for an operation's end."""
    changes, request = operation.changes, operation.request
    fact = OperationConcluded(
        operation.kind.value, operation.mode, request.trigger.value, Actor.parse(request.initiated_by),
        operation.revision or request.wanted, operation.phase.value,
        operation.outcome.value if operation.outcome else None, operation.from_revision,
        changes.created, changes.updated, changes.deleted, why=operation.reason,
    )  # fmt: skip
    return event_of(operation, fact)


def event_of(operation: Operation, fact: Fact) -> NewEvent:
    """An event of an operation."""
    return NewEvent(fact, operation.environment, operation.environment_id, operation.id)


def override_events(operation: Operation, over: Mapping[str, Any]) -> list[NewEvent]:
    """The line in an operation's log that says whose hold it goes over."""
    hold = over.get("overrode_hold")
    if hold is None:
        return []
    why = f": {hold['reason']}" if hold["reason"] else ""
    return [event_of(operation, OperationLog(line=f"goes over the hold of {hold['owner']}{why}"))]


def requested_entry(operation: Operation, actor: Actor, over: Mapping[str, Any]) -> NewAuditEntry:
    """The audit log's entry for an operation that was asked for. `over`: whose hold it goes over."""
    request = operation.request
    data: dict[str, Any] = {
        "environment": operation.environment,
        "mode": operation.mode,
        "trigger": request.trigger.value,
        "revision": request.wanted,
        "reason": request.reason,
    }
    data |= over
    if request.paths:
        data["paths"] = list(request.paths[:PATHS])
    if request.pipeline:
        data["pipeline"] = {"url": request.pipeline.url, "id": request.pipeline.id}
    return NewAuditEntry(actor, f"{request.kind.value}.request", f"operation:{operation.id}", data)


def finished_entry(operation: Operation, by: Actor | None = None) -> NewAuditEntry:
    """The audit log's entry for an operation's end: what was deployed, by whom, with which result."""
    data: dict[str, Any] = {
        "environment": operation.environment,
        "mode": operation.mode,
        "trigger": operation.trigger.value,
        "phase": operation.phase.value,
        "outcome": operation.outcome.value if operation.outcome else None,
        "from_revision": operation.from_revision,
        "revision": operation.revision,
        "reason": operation.reason,
        "tree": operation.detail.state,
    }
    if operation.request.paths:
        data["paths"] = list(operation.request.paths[:PATHS])
    who = by or Actor.parse(operation.request.initiated_by)
    return NewAuditEntry(who, f"{operation.kind.value}.finish", f"operation:{operation.id}", data)
