"""The walk: Trigger → Operation → Revision → DesiredState → LiveState → Plan → Outcome → events.

`run` takes a claimed operation to its end. A refresh stops at the plan; a sync goes on; a rollback is a sync to a
revision out of the history; self-heal is a refresh, then a sync of the same revision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.domain.environment import Environment, Status
from app.domain.errors import (
    Problem,
    RevisionNotFound,
    SourceDamaged,
    SourceRefused,
    SourceUnreachable,
    TargetRefused,
    TargetUnreachable,
    Terminated,
)
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger
from app.domain.status import Condition, ConditionKind, SyncStatus
from app.ports import Ports
from app.services.operations.follow_up import FollowUp
from app.services.operations.recorder import OperationRecorder
from app.services.operations.refresh import Refresh
from app.services.operations.sync import Sync
from app.services.outcomes import status_transitions
from app.services.outcomes.conclusion import Conclusion, NextRefresh
from app.services.outcomes.unforeseen import told

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
            kind = ConditionKind.TARGET if looking else ConditionKind.OPERATION
            conclusion = given_up(recorder.operation, Phase.FAILED, refusal.detail, kind)
        except Problem as problem:
            refused = operation.trigger is Trigger.WEBHOOK and isinstance(problem, RevisionNotFound)
            phase = Phase.FAILED if refused else Phase.ERROR  # Git does not say what the webhook said
            conclusion = given_up(recorder.operation, phase, problem.detail, _about(operation, problem))
        ended = recorder.conclude(replace(conclusion, walked=environment))
        self._follow_up.after(ended)
        return ended

    def _walk(self, environment: Environment, recorder: OperationRecorder) -> Conclusion:
        if recorder.operation.kind is OperationKind.REFRESH:
            return Refresh(self._ports, environment, recorder).run()
        return Sync(self._ports, environment, recorder).run()

    def crashed(self, operation: Operation, error: Exception) -> Operation:
        """End an operation that failed unexpectedly; its reason points to the server's log, which has the cause."""
        recorder = OperationRecorder(self._ports, operation, lambda: False)
        return recorder.conclude(given_up(operation, Phase.ERROR, told(error)))


def _about(operation: Operation, problem: Problem) -> ConditionKind | None:
    """What a problem says of the environment; None where it speaks of the request alone."""
    if isinstance(problem, TargetUnreachable):
        return ConditionKind.TARGET
    if isinstance(problem, RevisionNotFound) and operation.request.wanted:
        return None
    source = (SourceUnreachable, SourceRefused, SourceDamaged, RevisionNotFound)
    return ConditionKind.SOURCE if isinstance(problem, source) else ConditionKind.OPERATION


def given_up(
    operation: Operation, phase: Phase, reason: str, about: ConditionKind | None = ConditionKind.OPERATION
) -> Conclusion:
    """The end of a run without a result. `about`: what its reason is about, TARGET where the target could not even be
    looked at."""
    outcomes = {Phase.FAILED: Outcome.REFUSED, Phase.ERROR: Outcome.FAILED}
    tried = operation.kind is OperationKind.SYNC  # a look that was refused is not repeated at once
    touched = tried and (operation.stage(StageName.APPLIED) is not None or phase is Phase.FAILED)
    written = f" ({operation.done} of {operation.total} paths were written)" if operation.done else ""

    def status(environment: Environment) -> Status:
        if about is ConditionKind.TARGET:
            return status_transitions.unseen(environment.status, reason)
        looked = operation.stage(StageName.APPLIED) is not None
        before = status_transitions.got_further(environment.status, looked=looked)
        if phase is not Phase.ERROR or about is None:
            return before
        if before.condition and about is ConditionKind.OPERATION:
            return replace(before, sync=_doubtful(before, tried))  # what is told already lasts longer
        return replace(before, condition=Condition(about, reason), sync=_doubtful(before, tried))

    return Conclusion(
        phase,
        outcomes.get(phase),
        reason + written,
        status=status,
        refresh=NextRefresh.AT_ONCE if touched else NextRefresh.AFTER_INTERVAL,
        negligible=True,
    )


def _doubtful(status: Status, tried: bool) -> SyncStatus:
    """The verdict after a run that could not be made: a refresh that fails leaves no equality to believe in."""
    return status.sync if tried or status.sync is not SyncStatus.SYNCED else SyncStatus.UNKNOWN
