"""The environment's status after a comparison, a delivery, or a run that gave up; and the events of what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.environment import Environment, Status
from app.domain.events import EventType, NewEvent
from app.domain.operation import Operation, Outcome, Phase
from app.domain.revision import Revision
from app.domain.state.plan import Plan
from app.domain.status import CLEAR, Condition, ConditionKind, Divergence, Health, SyncStatus


def judged(environment: Environment, plan: Plan, at: datetime, health: Health) -> Status:
    """The status after a full comparison."""
    divergence = plan.divergence
    return replace(
        environment.status,
        sync=SyncStatus.OUT_OF_SYNC if divergence else SyncStatus.SYNCED,
        divergence=divergence,
        health=health,
        checked_at=at,
        expires_at=at + environment.verdict_lifetime(),
        drift_count=len(plan.drift),
    )


def source_condition(status: Status) -> Condition:
    """Why the last poll could not read Git, if it could not. Who does not ask Git leaves it standing."""
    return status.condition if status.condition.about(ConditionKind.SOURCE) else CLEAR


def delivered(
    environment: Environment, revision: Revision, at: datetime, health: Health, ahead: bool, condition: Condition
) -> Status:
    """The status after a sync went through; `ahead`: Git's ref asks for another revision already."""
    status = environment.status
    live_since = status.live_since if status.revision == revision.sha and status.live_since else at
    return replace(
        status,
        sync=SyncStatus.OUT_OF_SYNC if ahead else SyncStatus.SYNCED,
        divergence=Divergence.NEW_REVISION if ahead else None,
        health=health,
        revision=revision.sha,
        subject=revision.subject,
        author=revision.author.name,
        live_since=live_since,
        checked_at=at,
        expires_at=at + environment.verdict_lifetime(),
        drift_count=0,
        condition=condition,
    )


def unseen(status: Status, reason: str) -> Status:
    """The status while the target cannot be looked at: how it is there is not known, whatever it was."""
    condition = Condition(ConditionKind.TARGET, reason)
    return replace(status, sync=SyncStatus.UNKNOWN, divergence=None, health=Health.UNKNOWN, condition=condition)


def waiting(status: Status) -> Status:
    """The status while Git asks for what was not delivered."""
    return replace(status, sync=SyncStatus.OUT_OF_SYNC, divergence=status.divergence or Divergence.NEW_REVISION)


def ended(status: Status, operation: Operation) -> Status:
    """The status with the operation's end noted."""
    failed = operation.phase in (Phase.FAILED, Phase.ERROR) and operation.outcome is not Outcome.HELD
    return replace(
        status,
        last_outcome=operation.outcome.value if operation.outcome else operation.phase.value,
        last_reason=operation.reason,
        last_finished_at=operation.finished_at,
        failures=status.failures + 1 if failed else 0,
    )


def status_events(before: Environment, after: Status, operation: Operation) -> list[NewEvent]:
    """Events for what changed in the status."""
    events = []
    status = before.status
    if (status.sync, status.divergence) != (after.sync, after.divergence):
        data = {"from": status.sync.value, "to": after.sync.value, "divergence": after.divergence}
        events.append(_event(before, EventType.STATUS_CHANGED, operation, operation.reason, data))
    if status.health is not after.health:
        data = {"from": status.health.value, "to": after.health.value}
        events.append(_event(before, EventType.HEALTH_CHANGED, operation, operation.reason, data))
    return events


def _event(
    environment: Environment, type: EventType, operation: Operation, reason: str, data: Mapping[str, Any]
) -> NewEvent:
    return NewEvent(type, environment.name, environment.id, operation.id, reason, data)
