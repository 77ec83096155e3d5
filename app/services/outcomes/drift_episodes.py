"""Drift episodes follow what comparisons find: one opens, changes, and ends when live equals desired again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from app.domain.actor import Actor
from app.domain.environment import Environment, RunsOn
from app.domain.events import NewEvent, about
from app.domain.events.environment_events import DriftChanged, DriftDetected, DriftEnded
from app.domain.operation import Operation
from app.domain.revision import SHORT
from app.domain.state.drift import DriftReport, Ending
from app.domain.state.episode_report import EpisodeReport, KeptContent
from app.domain.state.items import printable
from app.domain.state.plan import Plan
from app.ports import Transaction
from app.services.outcomes import status_transitions

SAMPLE = 50  # drifted paths that an episode names


@dataclass(frozen=True, slots=True)
class DriftFound:
    """What a full comparison found at `at`: a bounded sample of the drifted paths, how many there are, and whether an
    ignore rule accepts others. `healed`: the paths that `by` has just put right while these were left."""

    at: datetime
    paths: tuple[str, ...] = ()
    count: int = 0
    accepted: bool = False
    healed: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class DriftOver:
    """Live equals desired at `at`, because somebody delivered. `by`: who did."""

    at: datetime
    ending: Ending
    by: str


def found_in(plan: Plan, at: datetime) -> DriftFound:
    """The drift in a plan."""
    paths = tuple(printable(item.key) for item in plan.drift[:SAMPLE])
    return DriftFound(at, paths, len(plan.drift), bool(plan.ignored))


def follow(
    tx: Transaction, environment: Environment, found: DriftFound | DriftOver, operation: Operation
) -> tuple[int | None, list[NewEvent]]:
    """Open, update or end the environment's episode; returns the id of the open one, and what the ledger learns."""
    if isinstance(found, DriftFound) and not found.count and environment.status.drift_episode is None:
        return None, []
    current = tx.episodes.current(environment.id)
    if isinstance(found, DriftFound) and found.count:
        if current is None:
            opened = tx.episodes.open_one(
                environment, environment.status.checked_at, found.at, found.paths, found.count
            )
            return opened.id, [about(environment, _says(DriftDetected, opened.id, found), operation.id)]
        if (current.paths, current.count) == (found.paths, found.count):
            return current.id, []
        tx.episodes.update(current.id, found.paths, found.count)
        changed = _says(DriftChanged, current.id, found)
        if found.healed:
            changed = replace(changed, healed=found.healed[:SAMPLE], by=Actor.parse(found.by))
        return current.id, [about(environment, changed, operation.id)]
    if current is None:
        return None, []
    over = found if isinstance(found, DriftOver) else _over(found)
    tx.episodes.end(current.id, over.at, over.ending, over.by, operation.id)
    revision = operation.revision if over.ending is Ending.WRITTEN_BACK else None
    how = f"written back by {over.by} as {revision[:SHORT]}" if revision else f"{over.ending.value} by {over.by}"
    ended = DriftEnded(current.id, over.ending.value, Actor.parse(over.by), revision, why=how)
    return None, [about(environment, ended, operation.id)]


def keep(tx: Transaction, episode: int, found: DriftReport, after: datetime | None, at: datetime) -> None:
    """Keep with an episode what a look at `at` found; the look before was at `after`."""
    before = tx.episodes.kept(episode) or EpisodeReport()
    grown = before.grown(found, after, at)
    if grown != before:
        tx.episodes.keep(episode, grown)


def keep_contents(tx: Transaction, environment: Environment, episode: int, found: Sequence[KeptContent]) -> None:
    """Keep with an episode what stood at what drifted; not on an agent, whose disk is its target's."""
    if found and environment.runs_on is RunsOn.SERVER:
        tx.episodes.keep_contents(episode, found)


def found_before_apply(
    tx: Transaction,
    operation: Operation,
    found: DriftFound,
    report: DriftReport,
    contents: Sequence[KeptContent] = (),
) -> None:
    """Write down the drift that a delivery is about to overwrite: in the open episode, or in one that begins now."""
    before = tx.environments.by_id(operation.environment_id)
    current, last = tx.episodes.current(before.id), before.status.checked_at
    if current:
        keep(tx, current.id, report, last, found.at)
        keep_contents(tx, before, current.id, contents)
        if not operation.request.spares_drift:
            tx.drift.put(before.id, found.at, replace(report, episode=current.id))
        return
    episode, events = follow(tx, before, found, operation)
    status = status_transitions.drifting_still(before.status, found.count, episode)
    if episode:
        keep(tx, episode, report, last, found.at)
        keep_contents(tx, before, episode, contents)
    tx.drift.put(before.id, found.at, replace(report, episode=episode))
    tx.environments.put_status(before.id, status)
    tx.ledger.append(
        found.at, events + status_transitions.status_events(before, status, operation.reason, operation.id)
    )


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


Told = TypeVar("Told", bound=DriftDetected)


def _says(kind: type[Told], episode: int, found: DriftFound) -> Told:
    what = found.paths[0] if found.count == 1 else f"{found.count} paths, {found.paths[0]} among them"
    return kind(episode, found.count, found.paths[:10], what)
