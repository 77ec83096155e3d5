"""Automatic follow-ups of an operation: self-heal, and rollback after bad health."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.domain.actor import AUTO_ROLLBACK, SELF_HEAL, Actor
from app.domain.environment import Environment, Hold
from app.domain.errors import EnvironmentNotFound
from app.domain.events import EventType, about
from app.domain.events.environment_events import RevisionMarkedBad, RollbackHoldSet
from app.domain.events.operation_events import Decision, Unhealed
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, StageName, Trigger
from app.ports import OperationFilter, Ports, Transaction
from app.services.operations.queue import Queue

HEALS = 10  # of one revision within HEAL_WINDOW; an eleventh waits, because something keeps undoing the others
HEAL_WINDOW = timedelta(minutes=10)
NEWS = (
    EventType.DECISION, EventType.DRIFT_DETECTED, EventType.DRIFT_CHANGED, EventType.DRIFT_ENDED, EventType.HOLD_SET,
    EventType.HOLD_ENDED,
)  # fmt: skip


class FollowUp:
    """Requests the operations that an environment's policy demands."""

    def __init__(self, ports: Ports, queue: Queue) -> None:
        self._ports = ports
        self._queue = queue

    def after(self, ended: Operation) -> None:
        """Request the operation that the policy of the ended operation's environment demands, if any."""
        if not _may_be_followed(ended):
            return
        with self._ports.store.write() as tx:
            try:
                environment = tx.environments.by_id(ended.environment_id)
            except EnvironmentNotFound:
                return  # deleted since
            if environment.policy.observe:
                return
            request = self._heal(tx, environment, ended) or self._back(tx, environment, ended)
            if request is None:
                return
            actor = AUTO_ROLLBACK if request.trigger is Trigger.ROLLBACK else SELF_HEAL
            self._queue.add(tx, environment, replace(request, initiated_by=str(actor)), actor)
        self._ports.notifier.notify(("work", "ledger", f"environment-{ended.environment}"))

    def _heal(self, tx: Transaction, environment: Environment, ended: Operation) -> Request | None:
        if not _differs(ended):
            return None
        live = environment.status.revision
        drifting = environment.status.drift_count > 0 and environment.policy.self_heal and live
        if not drifting:
            return None
        refusal = self._refusal(tx, environment)
        if refusal and self._said(tx, environment, refusal):
            return None
        if refusal:
            tx.ledger.append(self._ports.clock.now(), [about(environment, refusal, ended.id)])
            return None
        reason = f"drift at {environment.status.drift_count} path(s)"
        return Request(OperationKind.SYNC, Trigger.SELF_HEAL, str(SELF_HEAL), wanted=live, reason=reason)

    @staticmethod
    def _said(tx: Transaction, environment: Environment, refusal: Decision) -> bool:
        """Whether this refusal is recorded already, and neither the drift nor the hold has changed since."""
        latest = tx.ledger.page(types=NEWS, environment_id=environment.id, newest_first=True, limit=1)
        facts = [one.fact for one in latest]
        return any(isinstance(fact, Decision) and _same_refusal(fact, refusal) for fact in facts)

    def _refusal(self, tx: Transaction, environment: Environment) -> Decision | None:
        """The decision not to heal; None where drift may be healed."""
        refusal = Decision(Outcome.HELD.value, environment.mode.value, Trigger.SELF_HEAL.value)
        if environment.hold:
            owner = environment.hold.owner
            why = f"drift is not healed: on hold by {owner}"
            return replace(refusal, cause=Unhealed.ON_HOLD.value, held_by=Actor.parse(owner), why=why)
        since = self._ports.clock.now() - HEAL_WINDOW
        if environment.status.live_since:  # another revision is another chance
            since = max(since, environment.status.live_since)
        where = OperationFilter(environment_id=environment.id, trigger=Trigger.SELF_HEAL.value, since=since)
        healed = len(tx.operations.page(where, HEALS, None).items)
        if healed < HEALS:
            return None
        why = f"drift is not healed: it came back {HEALS} times within 10 min"
        return replace(refusal, cause=Unhealed.CAME_BACK.value, why=why)

    def _back(self, tx: Transaction, environment: Environment, ended: Operation) -> Request | None:
        """After bad health: back to the last good revision, once; the bad one is marked."""
        if not (_unwell(ended) and environment.policy.auto_rollback and ended.trigger is not Trigger.ROLLBACK):
            return None
        bad = ended.revision or ""
        good = tx.history.last_good(environment.id, other_than=bad)
        if good is None or environment.status.revision != bad:
            return None
        now = self._ports.clock.now()
        reason = f"{bad[:8]} was not healthy: {ended.reason}"
        tx.history.mark_bad(environment.id, bad, ended.reason, str(AUTO_ROLLBACK), now)
        tx.environments.set_hold(environment.id, Hold(str(AUTO_ROLLBACK), reason, now, None, bad))
        facts = RevisionMarkedBad(bad, why=reason), RollbackHoldSet(bad, why=reason)
        tx.ledger.append(now, [about(environment, fact, ended.id) for fact in facts])
        return Request(
            OperationKind.SYNC,
            Trigger.ROLLBACK,
            str(AUTO_ROLLBACK),
            wanted=good.revision,
            reason=reason,
            left_revision=bad,
        )


def _may_be_followed(ended: Operation) -> bool:
    """Whether an operation that ended like this may have a follow-up under any policy."""
    return _differs(ended) or _unwell(ended)


def _same_refusal(told: Decision, refusal: Decision) -> bool:
    """Whether both are about healing and have the same cause; earlier versions did not write the cause down."""
    alike = (told.outcome, told.trigger) == (refusal.outcome, refusal.trigger)
    return alike and (told.cause is None or (told.cause, told.held_by) == (refusal.cause, refusal.held_by))


def _differs(ended: Operation) -> bool:
    return ended.kind is OperationKind.REFRESH and ended.outcome is Outcome.OUT_OF_SYNC


def _unwell(ended: Operation) -> bool:
    applied = ended.stage(StageName.APPLIED) is not None
    return applied and ended.phase is Phase.FAILED and ended.outcome is Outcome.FAILED
