"""Operations of shadows: they plan a delivery and record what it would have changed; they never change a target."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.domain.environment import Environment, Status
from app.domain.errors import OnlyObserves, Problem
from app.domain.operation import Changes, OperationKind, Outcome, Phase, StageName
from app.domain.revision import Revision
from app.domain.state.drift import DriftReport, acceptance
from app.domain.state.items import Change, Key
from app.domain.state.plan import Action, Deviation, InventoryHead, LiveState, Plan, compare
from app.domain.status import CLEAR, Divergence, Health, SyncStatus
from app.ports import DesiredState, DesiredStates, OperationFilter, Ports, Target
from app.services.operations.health_and_hooks import check_health
from app.services.operations.recorder import OperationRecorder, paths_of
from app.services.outcomes.conclusion import Conclusion, NextRefresh
from app.services.outcomes.revision_news import RevisionNews
from app.services.relay import refuse_external
from app.wording.quantities import plural


def refuse(environment: Environment, deed: str) -> None:
    """Raise OnlyObserves where a deed would change a shadow's target, DeliveredByOthers where others change it."""
    refuse_external(environment)
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

    def sync(self, revision: Revision, state: DesiredState) -> Conclusion:
        """Plan a delivery; returns what it would have changed."""
        plan, target = self._plan(state, self._before())
        self._recorder.remember(paths=paths_of(plan.items), state=state.id, would=_changes(plan))
        return self._concluded(
            plan, state, target, Outcome.OBSERVED, f"would have deployed {revision.short}: {would(plan)}"
        )

    def refresh(self, sha: str, note: str) -> Conclusion:
        """Compare the state that the shadow would have delivered with the target."""
        state = self._ports.desired.at(self._environment, sha)
        plan, target = self._plan(state, None)
        self._recorder.remember(paths=paths_of(plan.items))
        self._recorder.note(revision=sha)
        differing = len(plan.work)
        words = f"{plural(differing, 'path differs', 'paths differ')} from what it would have delivered"
        reason = words if differing else f"live equals what it would have delivered ({SyncStatus.SYNCED.value})"
        outcome = Outcome.OUT_OF_SYNC if differing else Outcome.COMPARED
        return self._concluded(
            plan, state, target, outcome, reason + (f" (Git could not be asked: {note})" if note else "")
        )

    def _before(self) -> str | None:
        """The revision that would be live now, had the shadow delivered."""
        where = OperationFilter(
            environment_id=self._environment.id, kind=OperationKind.SYNC.value, outcome=Outcome.OBSERVED.value
        )
        with self._ports.store.read() as tx:
            last = tx.operations.page(where, 1, None).items
        return last[0].revision if last else self._environment.status.revision

    def _plan(self, state: DesiredState, before: str | None) -> tuple[Plan, Target]:
        with self._recorder.stage(StageName.PLANNED):
            target = self._ports.targets.shadow(self._environment, self._recorder.check)
            dropped = _dropped(self._ports.desired, self._environment, before, state)
            return foresee(self._environment, target, state, dropped, self._ports.clock.now()), target

    def _concluded(self, plan: Plan, state: DesiredState, target: Target, outcome: Outcome, reason: str) -> Conclusion:
        behind = any(item.wanted for item in plan.work)
        health, at = self._health(target, behind), self._ports.clock.now()
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

    def _health(self, target: Target, behind: bool) -> Health:
        """As checked; without a check, nothing is known of files that are not those it would have delivered."""
        if self._environment.policy.health_check is None and behind:
            return Health.UNKNOWN
        return check_health(self._ports, self._environment, target, self._recorder).health


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
    environment: Environment, target: Target, state: DesiredState, dropped: tuple[Key, ...], now: datetime
) -> Plan:
    """The plan of delivering a state over the target's content, without an inventory. Keys in `dropped` would go."""
    accepted = acceptance(environment.policy.ignore, now)
    items = {key: item for key, item in state.items() if not accepted(key)}
    gone = tuple(key for key in dropped if key not in items)
    live = target.look((*items, *gone), only=True)
    found = {one.key: one.found for one in live.deviations if one.found}
    moves = [Change(key, None, item) for key, item in items.items()]
    moves += [Change(key, found[key], None) for key in gone if key in found]
    there = tuple(Deviation(key, None, found[key]) for key in items if key in found)
    return compare(moves, LiveState(InventoryHead(), there, partial=True), prune=environment.policy.prune)


def _dropped(
    desired: DesiredStates, environment: Environment, before: str | None, state: DesiredState
) -> tuple[Key, ...]:
    """Keys that Git dropped since the revision that would be live."""
    if before is None:
        return ()
    try:
        changes = state.changes_since(desired.id_at(environment, before))
    except Problem:
        return ()  # the mirror was cloned again, and does not know it
    return tuple(change.key for change in changes or () if change.after is None)


def _changes(plan: Plan) -> Changes:
    counts = plan.counts()
    return Changes(counts[Action.CREATE], counts[Action.UPDATE] + counts[Action.TRAITS], counts[Action.DELETE])


def would(plan: Plan) -> str:
    """The plan of a shadow in words: "would create 2 files"."""
    changes = _changes(plan)
    counts = ("created", changes.created), ("updated", changes.updated), ("deleted", changes.deleted)
    done = [f"{count:,} {word}" for word, count in counts if count]
    return ", ".join(done) or "nothing to change, live equals it already"
