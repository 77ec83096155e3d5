"""The walk: Trigger → Operation → Revision → DesiredState → LiveState → Plan → Outcome → events.

`run` takes a claimed operation to its end. A refresh stops at the plan; a sync goes on; a rollback is a sync to a
revision out of the history; self-heal is a refresh, then a sync of the same revision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.domain.environment import Environment
from app.domain.errors import Problem, TargetRefused, TargetUnreachable, Terminated
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName
from app.ports import Ports, Transaction
from app.services.operations import status_transitions
from app.services.operations.follow_up import FollowUp
from app.services.operations.recorder import OperationRecorder
from app.services.operations.refresh import Refresh
from app.services.operations.sync import Sync

Stopped = Callable[[], bool]


class Reconciler:
    """Runs operations."""

    def __init__(self, ports: Ports, follow_up: FollowUp) -> None:
        self._ports = ports
        self._follow_up = follow_up

    def run(self, operation: Operation, stopped: Stopped = lambda: False) -> Operation:
        """Take an operation to its end, whatever happens on the way, and ask for what follows from it."""
        recorder = OperationRecorder(self._ports, operation, stopped)
        with self._ports.store.read() as tx:
            environment = tx.environments.by_id(operation.environment_id)
        try:
            ended = self._walk(environment, recorder)
        except Terminated:
            ended = self._give_up(environment, recorder, Phase.TERMINATED, "stopped on request")
        except TargetRefused as refusal:
            looking = operation.kind is OperationKind.REFRESH
            ended = self._give_up(environment, recorder, Phase.FAILED, refusal.detail, unseen=looking)
        except Problem as problem:
            unseen = isinstance(problem, TargetUnreachable)
            ended = self._give_up(environment, recorder, Phase.ERROR, problem.detail, unseen=unseen)
        self._follow_up.after(ended)
        return ended

    def _walk(self, environment: Environment, recorder: OperationRecorder) -> Operation:
        if recorder.operation.kind is OperationKind.REFRESH:
            return Refresh(self._ports, environment, recorder).run()
        return Sync(self._ports, environment, recorder).run()

    def crashed(self, operation: Operation) -> Operation:
        """End an operation that failed in a way nobody foresaw; the cause goes to the server's log, not here."""
        recorder = OperationRecorder(self._ports, operation, lambda: False)
        with self._ports.store.read() as tx:
            environment = tx.environments.by_id(operation.environment_id)
        return self._give_up(environment, recorder, Phase.ERROR, "internal error; the server's log has the details")

    def _give_up(
        self, environment: Environment, recorder: OperationRecorder, phase: Phase, reason: str, *, unseen: bool = False
    ) -> Operation:
        """End without a result. `unseen`: the target could not even be looked at."""

        def settle(tx: Transaction, ended: Operation) -> bool:
            before = tx.environments.by_id(environment.id)
            status = replace(before.status, message=reason if phase is Phase.ERROR else before.status.message)
            status = status_transitions.unseen(status, reason) if unseen else status
            tx.ledger.append(self._ports.clock.now(), status_transitions.status_events(before, status, ended))
            tx.environments.put_status(environment.id, status_transitions.ended(status, ended))
            news = status.message != before.status.message
            tried = ended.kind is OperationKind.SYNC  # a look that was refused is not repeated at once
            touched = tried and (ended.stage(StageName.APPLIED) is not None or phase is Phase.FAILED)
            due = self._ports.clock.now() + environment.refresh_interval() * (not touched)
            tx.environments.schedule_refresh(environment.id, due)
            return news

        outcomes = {Phase.FAILED: Outcome.REFUSED, Phase.ERROR: Outcome.FAILED}
        if recorder.operation.done:
            reason += f" ({recorder.operation.done} of {recorder.operation.total} paths were written)"
        return recorder.finish(settle, phase=phase, outcome=outcomes.get(phase), reason=reason)
