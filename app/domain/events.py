"""The ledger's entries: every change of state and every decision, appended once, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What happened. `decision` also records doing nothing, with the reason why."""

    ENVIRONMENT_CREATED = "environment.created"
    ENVIRONMENT_EDITED = "environment.edited"
    ENVIRONMENT_DELETED = "environment.deleted"
    OPERATION_QUEUED = "operation.queued"
    OPERATION_STARTED = "operation.started"
    OPERATION_STAGE = "operation.stage"
    OPERATION_LOG = "operation.log"
    OPERATION_FINISHED = "operation.finished"
    DECISION = "decision"
    REVISION_NOTICED = "revision.noticed"
    REF_MOVED = "ref.moved"  # force-pushed, deleted or emptied
    SOURCE_FAILED = "source.failed"
    SOURCE_RECOVERED = "source.recovered"
    DRIFT_DETECTED = "drift.detected"
    DRIFT_CHANGED = "drift.changed"
    DRIFT_ACKNOWLEDGED = "drift.acknowledged"
    DRIFT_ENDED = "drift.ended"
    HOLD_SET = "hold.set"
    HOLD_ENDED = "hold.ended"
    REVISION_MARKED_BAD = "revision.marked_bad"
    STATUS_CHANGED = "status.changed"
    HEALTH_CHANGED = "health.changed"
    WEBHOOK_RECEIVED = "webhook.received"
    WEBHOOK_MISSED = "webhook.missed"
    PIPELINE_MISSED = "pipeline.missed"
    AGENT_ENROLLED = "agent.enrolled"
    AGENT_REVOKED = "agent.revoked"
    AGENT_SILENT = "agent.silent"
    AGENT_HEARD = "agent.heard"
    COMMAND_EXPIRED = "command.expired"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append. `environment` is a name, None for the installation as a whole. `origin`: where an agent's
    event was written first: {"agent", "id", "at", "received_at"}, with its own id and its own clock's time."""

    type: EventType
    environment: str | None = None
    environment_id: int | None = None
    operation: str | None = None
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Event(NewEvent):
    """An appended event; ids grow."""

    id: int = 0
    at: datetime | None = None
