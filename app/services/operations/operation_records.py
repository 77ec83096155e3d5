"""What the ledger and the audit log keep of an operation: that it was asked for, and how it ended."""

from __future__ import annotations

from typing import Any

from app.domain.actor import Actor
from app.domain.audit import NewAuditEntry
from app.domain.events import EventType, NewEvent
from app.domain.operation import Operation, OperationKind, Trigger


def is_quiet(operation: Operation) -> bool:
    """Scheduled refreshes leave a trace only when their verdict changes; the environment says when it was checked."""
    return operation.kind is OperationKind.REFRESH and operation.trigger is Trigger.SCHEDULE


def queued_event(operation: Operation) -> NewEvent:
    """The ledger's entry for an operation that was asked for."""
    return _event(operation, EventType.OPERATION_QUEUED)


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


def requested_entry(operation: Operation, actor: Actor) -> NewAuditEntry:
    """The audit log's entry for an operation that was asked for."""
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
    return NewAuditEntry(actor, f"{request.kind.value}.request", f"operation:{operation.id}", data)


def finished_entry(operation: Operation, by: Actor | None = None) -> NewAuditEntry:
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
    who = by or Actor.parse(operation.request.initiated_by)
    return NewAuditEntry(who, f"{operation.kind.value}.finish", f"operation:{operation.id}", data)
