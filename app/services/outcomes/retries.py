"""When a delivery that did not get through is tried again by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain.environment import Environment
from app.domain.operation import Operation, Outcome, Phase, StageName

LONGEST_S = {Phase.ERROR: 600, Phase.FAILED: 3600}  # pauses grow up to these, and it is tried for as long as it takes
DOUBLINGS = 12


def refused_by_target(operation: Operation) -> bool:
    """Whether its target was asked and refused: a full disk, missing rights, a foreign file in the way."""
    refused = operation.phase is Phase.FAILED and operation.outcome is Outcome.REFUSED
    return refused and operation.stage(StageName.PLANNED) is not None


def retry_at(environment: Environment, last: Operation) -> datetime | None:
    """When automatic sync tries the revision of an environment's last sync again, each time after a longer pause; None
    where only a person or another commit goes on: Git itself forbids it, a hook or the health check said no."""
    if last.finished_at is None or not (last.phase is Phase.ERROR or refused_by_target(last)):
        return None
    pause = environment.policy.interval_s * 2 ** min(DOUBLINGS, environment.status.failures)
    return last.finished_at + timedelta(seconds=min(LONGEST_S[last.phase], pause))


def next_try(environment: Environment, last: Operation | None, pending: str | None) -> datetime | None:
    """When automation tries the pending revision again whose delivery was the last one; None where it does not."""
    tried = last is not None and pending is not None and pending in (last.revision, last.request.wanted)
    if last is None or not tried or last.outcome is Outcome.HELD or environment.hold:
        return None
    return retry_at(environment, last) if environment.policy.auto_sync else None


def may_retry(environment: Environment, last: Operation, now: datetime) -> bool:
    """Whether the pause is over. One that would begin in the future is: the clock was set back."""
    due = retry_at(environment, last)
    return due is not None and last.finished_at is not None and not last.finished_at <= now < due
