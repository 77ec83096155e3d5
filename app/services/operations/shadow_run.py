"""Shadows: environments that observe only. They plan and tell what they would have done, and touch nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.domain.environment import Environment, Status
from app.domain.errors import OnlyObserves, Problem
from app.domain.operation import Changes, OperationKind, Outcome, Phase, StageName
from app.domain.revision import Revision
from app.domain.state.drift import DriftReport, acceptance
from app.domain.state.items import Change
from app.domain.state.plan import Action, Deviation, InventoryHead, LiveState, Plan, compare
from app.domain.status import CLEAR, Divergence, Health, SyncStatus
from app.ports import Desired, OperationFilter, Ports, Source, Target
from app.services.operations import wanted_revision as wanted
from app.services.operations.conclusion import Conclusion, NextRefresh
from app.services.operations.health_and_hooks import check_health
from app.services.operations.recorder import OperationRecorder, paths_of
from app.services.operations.revision_news import RevisionNews


def refuse(environment: Environment, deed: str) -> None:
    """Raise OnlyObserves where a deed would change a shadow's target."""
    if environment.policy.observe:
        raise OnlyObserves(
            f"{environment.name} is a shadow: it observes only, so it cannot {deed}. Nothing was changed. "
            "Turn observe off first, or ask the environment that delivers to this target."
        )


class Shadow:
    """One operation of a shadow. `at`: when its news was noticed."""

    def __init__(
        self,
        ports: Ports,
        environment: Environment,
        recorder: OperationRecorder,
        found: RevisionNews | None,
        at: datetime,
    ) -> None:
        self._ports, self._environment, self._recorder = ports, environment, recorder
        self._news, self._at = found, at

    def sync(self, source: Source, revision: Revision, state: Desired) -> Conclusion:
        """Plan a delivery and say what it would have done."""
        plan = self._plan(source, state, self._before())
        self._recorder.remember(paths=paths_of(plan.items), tree=state.tree, would=_changes(plan))
        return self._concluded(plan, state, Outcome.OBSERVED, f"would have deployed {revision.short}: {would(plan)}")

    def refresh(self, source: Source, sha: str, note: str) -> Conclusion:
        """Compare what it would have delivered with what stands there."""
        state = wanted.desired_state(source, self._environment, sha)
        plan = self._plan(source, state, None)
        self._recorder.remember(paths=paths_of(plan.items))
        self._recorder.note(revision=sha)
        differing = len(plan.work)
        words = f"{differing} {'path differs' if differing == 1 else 'paths differ'} from what it would have delivered"
        reason = words if differing else f"live equals what it would have delivered ({SyncStatus.SYNCED.value})"
        outcome = Outcome.OUT_OF_SYNC if differing else Outcome.COMPARED
        return self._concluded(plan, state, outcome, reason + (f" (Git could not be asked: {note})" if note else ""))

    def _before(self) -> str | None:
        """What would be live now, had it delivered."""
        where = OperationFilter(
            environment_id=self._environment.id, kind=OperationKind.SYNC.value, outcome=Outcome.OBSERVED.value
        )
        with self._ports.store.read() as tx:
            last = tx.operations.page(where, 1, None).items
        return last[0].revision if last else self._environment.status.revision

    def _plan(self, source: Source, state: Desired, before: str | None) -> Plan:
        with self._recorder.stage(StageName.PLANNED):
            target = self._ports.targets.shadow(self._environment)
            dropped = _dropped(source, self._environment, before, state)
            return foresee(self._environment, target, state, dropped, self._ports.clock.now())

    def _concluded(self, plan: Plan, state: Desired, outcome: Outcome, reason: str) -> Conclusion:
        behind = any(item.wanted for item in plan.work)
        health, at = self._health(behind), self._ports.clock.now()
        return Conclusion(
            Phase.SUCCEEDED,
            outcome,
            reason,
            status=lambda environment: judged(environment, behind, health, at),
            news=self._news,
            noticed_at=self._at,
            drift=DriftReport(state.revision),
            refresh=NextRefresh.AFTER_INTERVAL,
            negligible=True,
        )

    def _health(self, behind: bool) -> Health:
        """As checked; without a check, nothing is known of files that are not those it would have delivered."""
        if self._environment.policy.health_check is None and behind:
            return Health.UNKNOWN
        return check_health(self._ports, self._environment).health


def judged(environment: Environment, behind: bool, health: Health, at: datetime) -> Status:
    """A shadow's status: never drift, because it delivered nothing that could have moved."""
    return replace(
        environment.status,
        sync=SyncStatus.OUT_OF_SYNC if behind else SyncStatus.SYNCED,
        divergence=Divergence.NEW_REVISION if behind else None,
        health=health,
        checked_at=at,
        expires_at=at + environment.verdict_lifetime(),
        drift_count=0,
        drift_episode=None,
        condition=CLEAR,
    )


def foresee(
    environment: Environment, target: Target, state: Desired, dropped: tuple[bytes, ...], now: datetime
) -> Plan:
    """What delivering a tree would do to what stands there, without an inventory. Paths in `dropped` would go."""
    accepted = acceptance(environment.policy.ignore, now)
    entries = {path: entry for path, entry in state.entries() if not accepted(path)}
    gone = tuple(path for path in dropped if path not in entries)
    live = target.look((*entries, *gone), only=True)
    found = {one.key: one.found for one in live.deviations if one.found}
    moves = [Change(path, None, entry) for path, entry in entries.items()]
    moves += [Change(path, found[path], None) for path in gone if path in found]
    there = tuple(Deviation(path, None, found[path]) for path in entries if path in found)
    return compare(moves, LiveState(InventoryHead(), there, partial=True), prune=environment.policy.prune)


def _dropped(source: Source, environment: Environment, before: str | None, state: Desired) -> tuple[bytes, ...]:
    """Paths that Git dropped since the revision that would be live."""
    if before is None:
        return ()
    try:
        changes = source.changes(source.tree(before, environment.source.path), state.tree)
    except Problem:
        return ()  # the mirror was cloned again, and does not know it
    return tuple(change.key for change in changes if change.after is None)


def _changes(plan: Plan) -> Changes:
    counts = plan.counts()
    return Changes(counts[Action.CREATE], counts[Action.UPDATE] + counts[Action.TRAITS], counts[Action.DELETE])


def would(plan: Plan) -> str:
    """What would be done, in words."""
    changes = _changes(plan)
    counts = ("created", changes.created), ("updated", changes.updated), ("deleted", changes.deleted)
    done = [f"{count:,} {word}" for word, count in counts if count]
    return ", ".join(done) or "nothing to change, live equals it already"
