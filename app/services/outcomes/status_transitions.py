"""The environment's status after a comparison, a delivery, or a run that gave up; and the events of what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.domain.environment import Environment, Status
from app.domain.events import Fact, NewEvent, about
from app.domain.events.environment_events import HealthChanged, StatusChanged
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
    """The failure of the last poll, None if it could read Git. A run that does not ask Git keeps the failure."""
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


def drifting_still(status: Status, count: int, episode: int | None) -> Status:
    """The status after a sync that left other drift as it was."""
    return replace(
        status, sync=SyncStatus.OUT_OF_SYNC, divergence=Divergence.DRIFT, drift_count=count, drift_episode=episode
    )


def got_further(status: Status, *, asked: bool = False, looked: bool = False) -> Status:
    """The status after a run that ended in another way than the one before: what stopped that one is over. `asked`: Git
    answered, and holds the ref; `looked`: the target could be looked at."""
    over = {ConditionKind.OPERATION: True, ConditionKind.SOURCE: asked, ConditionKind.TARGET: looked}
    return replace(status, condition=CLEAR) if over[status.condition.kind] else status


def unseen(status: Status, reason: str) -> Status:
    """The status while the target cannot be observed: sync status and health are unknown."""
    condition = Condition(ConditionKind.TARGET, reason)
    return replace(status, sync=SyncStatus.UNKNOWN, divergence=None, health=Health.UNKNOWN, condition=condition)


def unjudged(status: Status, why: str) -> Status:
    """The status while it cannot be told what Git asks for. That live equals it is not known then; that live has
    drifted is, and why the target cannot be looked at stays told."""
    sync = SyncStatus.UNKNOWN if status.sync is SyncStatus.SYNCED else status.sync
    told = status.condition if status.condition.about(ConditionKind.TARGET) else Condition(ConditionKind.SOURCE, why)
    return replace(status, sync=sync, condition=told)


def waiting(status: Status) -> Status:
    """The status while Git's head is not delivered."""
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


def status_events(before: Environment, after: Status, why: str, operation: str | None = None) -> list[NewEvent]:
    """Events for what changed in the status, and why; `operation`: the id of the one that changed it."""
    found: list[Fact] = []
    status = before.status
    if (status.sync, status.divergence) != (after.sync, after.divergence):
        divergence = after.divergence.value if after.divergence else None
        found.append(StatusChanged(status.sync.value, after.sync.value, divergence, why=why))
    if status.health is not after.health:
        found.append(HealthChanged(status.health.value, after.health.value, why=why))
    return [about(before, fact, operation) for fact in found]
