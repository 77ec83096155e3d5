"""The walk: Trigger → Operation → Revision → DesiredState → LiveState → Plan → Outcome → events.

`run` takes a claimed operation to its end. A refresh stops at the plan; a sync goes on; a rollback is a sync to a
revision out of the history; self-heal is a refresh, then a sync of the same revision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.domain.environment import Environment, Status
from app.domain.errors import Problem, RevisionNotFound, TargetRefused, TargetUnreachable, Terminated
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger
from app.domain.status import Condition
from app.ports import Ports
from app.services.operations.follow_up import FollowUp
from app.services.operations.recorder import OperationRecorder
from app.services.operations.refresh import Refresh
from app.services.operations.sync import Sync
from app.services.outcomes import status_transitions
from app.services.outcomes.conclusion import Conclusion, NextRefresh

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
            conclusion = self._walk(environment, recorder)
        except Terminated:
            conclusion = given_up(recorder.operation, Phase.TERMINATED, "stopped on request")
        except TargetRefused as refusal:
            looking = operation.kind is OperationKind.REFRESH
            conclusion = given_up(recorder.operation, Phase.FAILED, refusal.detail, unseen=looking)
        except Problem as problem:
            unseen = isinstance(problem, TargetUnreachable)
            refused = operation.trigger is Trigger.WEBHOOK and isinstance(problem, RevisionNotFound)
            phase = Phase.FAILED if refused else Phase.ERROR  # Git does not say what the webhook said
            conclusion = given_up(recorder.operation, phase, problem.detail, unseen=unseen)
        ended = recorder.conclude(replace(conclusion, walked=environment))
        self._follow_up.after(ended)
        return ended

    def _walk(self, environment: Environment, recorder: OperationRecorder) -> Conclusion:
        if recorder.operation.kind is OperationKind.REFRESH:
            return Refresh(self._ports, environment, recorder).run()
        return Sync(self._ports, environment, recorder).run()

    def crashed(self, operation: Operation) -> Operation:
        """End an operation that failed unexpectedly; its reason points to the server's log, which has the cause."""
        recorder = OperationRecorder(self._ports, operation, lambda: False)
        reason = "internal error; the server's log has the details"
        return recorder.conclude(given_up(operation, Phase.ERROR, reason))


def given_up(operation: Operation, phase: Phase, reason: str, *, unseen: bool = False) -> Conclusion:
    """The end of a run without a result. `unseen`: the target could not even be looked at."""
    outcomes = {Phase.FAILED: Outcome.REFUSED, Phase.ERROR: Outcome.FAILED}
    tried = operation.kind is OperationKind.SYNC  # a look that was refused is not repeated at once
    touched = tried and (operation.stage(StageName.APPLIED) is not None or phase is Phase.FAILED)
    written = f" ({operation.done} of {operation.total} paths were written)" if operation.done else ""

    def status(environment: Environment) -> Status:
        if unseen:
            return status_transitions.unseen(environment.status, reason)
        known = Condition(text=reason) if phase is Phase.ERROR else environment.status.condition
        return replace(environment.status, condition=known)

    return Conclusion(
        phase,
        outcomes.get(phase),
        reason + written,
        status=status,
        refresh=NextRefresh.AT_ONCE if touched else NextRefresh.AFTER_INTERVAL,
        negligible=True,
    )
