"""Drift episodes follow what comparisons find: one opens, changes, and ends when live equals desired again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.environment import Environment
from app.domain.events import EventType, NewEvent
from app.domain.operation import Operation
from app.domain.state.drift import DriftReport, Ending
from app.domain.state.items import printable
from app.domain.state.plan import Plan
from app.ports import Transaction

SAMPLE = 50  # drifted paths that an episode names


@dataclass(frozen=True, slots=True)
class DriftFound:
    """What a full comparison found at `at`: a bounded sample of the drifted paths, how many there are, and whether an
    ignore rule accepts others."""

    at: datetime
    paths: tuple[str, ...] = ()
    count: int = 0
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class DriftOver:
    """Live equals desired at `at`, because somebody delivered. `by`: who did."""

    at: datetime
    ending: Ending
    by: str


def found_in(plan: Plan, at: datetime) -> DriftFound:
    """What a plan says about drift."""
    paths = tuple(printable(item.key) for item in plan.drift[:SAMPLE])
    return DriftFound(at, paths, len(plan.drift), bool(plan.ignored))


def follow(
    tx: Transaction, environment: Environment, found: DriftFound | DriftOver, operation: Operation
) -> tuple[int | None, list[NewEvent]]:
    """Open, update or end the environment's episode; returns the id of the open one, and what the ledger learns."""
    current = tx.episodes.current(environment.id)
    if isinstance(found, DriftFound) and found.count:
        if current is None:
            opened = tx.episodes.open_one(
                environment, environment.status.checked_at, found.at, found.paths, found.count
            )
            return opened.id, [_moved(environment, EventType.DRIFT_DETECTED, opened.id, found, operation)]
        if (current.paths, current.count) == (found.paths, found.count):
            return current.id, []
        tx.episodes.update(current.id, found.paths, found.count)
        return current.id, [_moved(environment, EventType.DRIFT_CHANGED, current.id, found, operation)]
    if current is None:
        return None, []
    over = found if isinstance(found, DriftOver) else _over(found)
    tx.episodes.end(current.id, over.at, over.ending, over.by)
    data = {"episode": current.id, "ending": over.ending.value, "by": over.by}
    return None, [_event(environment, EventType.DRIFT_ENDED, operation, f"{over.ending.value} by {over.by}", data)]


def abandon(tx: Transaction, environment: Environment, by: str, at: datetime) -> None:
    """End the open episode and clear the drift report: they concerned a target that is no longer the environment's."""
    current = tx.episodes.current(environment.id)
    if current:
        tx.episodes.end(current.id, at, Ending.SUPERSEDED, by)
    tx.drift.put(environment.id, at, DriftReport())


def _over(found: DriftFound) -> DriftOver:
    """Nothing drifts any more without a delivery: a rule accepts it, or somebody put it right on the target."""
    if found.accepted:
        return DriftOver(found.at, Ending.IGNORED, "ignore rule")
    return DriftOver(found.at, Ending.HEALED, "outside")


def _moved(
    environment: Environment, type: EventType, episode: int, found: DriftFound, operation: Operation
) -> NewEvent:
    data = {"episode": episode, "count": found.count, "paths": list(found.paths[:10])}
    return _event(environment, type, operation, _what(found.paths, found.count), data)


def _event(
    environment: Environment, type: EventType, operation: Operation, reason: str, data: Mapping[str, Any]
) -> NewEvent:
    return NewEvent(type, environment.name, environment.id, operation.id, reason, data)


def _what(paths: Sequence[str], count: int) -> str:
    return paths[0] if count == 1 else f"{count} paths, {paths[0]} among them"
