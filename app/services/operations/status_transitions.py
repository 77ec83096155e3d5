"""What a finished look or apply means for the environment: status, drift episodes, history, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.domain.environment import Environment, Status
from app.domain.events import EventType, NewEvent
from app.domain.operation import Operation, Outcome, Phase
from app.domain.revision import Revision
from app.domain.state.drift import Ending
from app.domain.state.plan import Plan
from app.domain.state.tree import printable
from app.domain.status import GIT as GIT
from app.domain.status import TARGET as TARGET
from app.domain.status import Divergence, Health, SyncStatus
from app.ports import Transaction

SAMPLE = 50


@dataclass(frozen=True, slots=True)
class Observation:
    """A full comparison: its plan, and the drift report that pages show."""

    plan: Plan
    at: datetime
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """A bounded sample of the drifted paths."""
        return tuple(printable(item.path) for item in self.plan.drift[:SAMPLE])


def judged(environment: Environment, looked: Observation, health: Health | None) -> Status:
    """The status after a full comparison."""
    divergence = looked.plan.divergence
    return replace(
        environment.status,
        sync=SyncStatus.OUT_OF_SYNC if divergence else SyncStatus.SYNCED,
        divergence=divergence,
        health=health or environment.status.health,
        checked_at=looked.at,
        expires_at=looked.at + environment.verdict_lifetime(),
        drift_count=len(looked.plan.drift),
    )


def git_trouble(status: Status) -> str:
    """What the last poll said about Git, if that was not good. Who does not ask Git leaves it standing."""
    return status.message if status.message.startswith(GIT) else ""


def delivered(
    environment: Environment, revision: Revision, at: datetime, health: Health, ahead: bool, message: str
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
        message=message,
    )


def unseen(status: Status, reason: str) -> Status:
    """The status while the target cannot be looked at: how it is there is not known, whatever it was."""
    return replace(status, sync=SyncStatus.UNKNOWN, divergence=None, health=Health.UNKNOWN, message=f"{TARGET}{reason}")


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


def follow_drift(
    tx: Transaction, environment: Environment, looked: Observation, operation: Operation
) -> tuple[int | None, list[NewEvent]]:
    """Open, update or end the environment's drift episode after a full comparison; returns the open one's id."""
    current = tx.episodes.current(environment.id)
    count, paths = len(looked.plan.drift), looked.paths
    if count and current is None:
        episode = tx.episodes.open_one(environment, environment.status.checked_at, looked.at, paths, count)
        data = {"episode": episode.id, "count": count, "paths": list(paths[:10])}
        return episode.id, [_event(environment, EventType.DRIFT_DETECTED, operation, _what(paths, count), data)]
    if count and current is not None:
        if (current.paths, current.count) == (paths, count):
            return current.id, []
        tx.episodes.update(current.id, paths, count)
        data = {"episode": current.id, "count": count, "paths": list(paths[:10])}
        return current.id, [_event(environment, EventType.DRIFT_CHANGED, operation, _what(paths, count), data)]
    if current is not None:
        ending = Ending.IGNORED if looked.plan.ignored else Ending.HEALED
        by = "ignore rule" if looked.plan.ignored else "outside"
        return None, end_drift(tx, environment, ending, by, looked.at, operation)
    return None, []


def end_drift(
    tx: Transaction, environment: Environment, ending: Ending, by: str, at: datetime, operation: Operation
) -> list[NewEvent]:
    """End the open episode, if there is one."""
    current = tx.episodes.current(environment.id)
    if current is None:
        return []
    tx.episodes.end(current.id, at, ending, by)
    data = {"episode": current.id, "ending": ending.value, "by": by}
    return [_event(environment, EventType.DRIFT_ENDED, operation, f"{ending.value} by {by}", data)]


def _what(paths: Sequence[str], count: int) -> str:
    return paths[0] if count == 1 else f"{count} paths, {paths[0]} among them"
