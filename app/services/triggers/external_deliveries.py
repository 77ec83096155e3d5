"""Deliveries that another system made, as operations of ours: what it told of one, written down once.

Nothing is made up: a stage that was not told is not there, and a telling that comes late puts nothing older live.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.actor import external
from app.domain.environment import Environment, Status
from app.domain.external import DeliveryStep, Standing, Told
from app.domain.ids import new_id
from app.domain.masking import mask
from app.domain.operation import (
    Operation,
    OperationKind,
    Outcome,
    Phase,
    Pipeline,
    Request,
    Stage,
    StageName,
    Trigger,
)
from app.domain.revision import Revision
from app.domain.status import CLEAR, Health, SyncStatus
from app.ports import OperationFilter, Transaction
from app.services.outcomes.conclusion import Conclusion, WentLive, conclude

ENDS = {
    DeliveryStep.SUCCEEDED: (Phase.SUCCEEDED, Outcome.DEPLOYED),
    DeliveryStep.ROLLED_BACK: (Phase.SUCCEEDED, Outcome.ROLLED_BACK),
    DeliveryStep.FAILED: (Phase.FAILED, Outcome.FAILED),
    DeliveryStep.CANCELED: (Phase.TERMINATED, None),
}
LOOKED_AT = 100  # operations of one revision among which the same delivery is looked for


@dataclass(frozen=True, slots=True)
class EndedDelivery:
    """A delivery that has ended. `revision`: its commit, dated where it is known; `title`: the system's; `began`: when
    it began, None where nobody told; `now`: nothing that is told lies ahead of it."""

    told: Told
    revision: Revision
    title: str
    began: datetime | None
    now: datetime

    @property
    def started_at(self) -> datetime | None:
        """When it began; None where that is not known, also by a clock that is ahead of ours."""
        return self.began if self.began and self.began <= self.ended_at else None

    @property
    def ended_at(self) -> datetime:
        """When it ended."""
        return min(self.now, self.told.ended_at)

    @property
    def well(self) -> bool:
        """Whether its revision went live."""
        return self.told.step in (DeliveryStep.SUCCEEDED, DeliveryStep.ROLLED_BACK)


def known(tx: Transaction, environment: Environment, one: EndedDelivery) -> Operation | None:
    """The operation that tells of this delivery already."""
    where = OperationFilter(environment_id=environment.id, revision=one.revision.sha)
    for found in tx.operations.page(where, LOOKED_AT, None).items:
        id = found.request.pipeline.id if found.request.pipeline else ""
        same = id == one.told.id if one.told.id else found.finished_at == one.ended_at
        if same and found.phase is ENDS[one.told.step or DeliveryStep.FAILED][0]:
            return found
    return None


def failing_still(tx: Transaction, environment: Environment, one: EndedDelivery) -> Operation | None:
    """The failure that is the newest end there is, where the same revision fails again and nothing tells the two apart:
    who tries at intervals tells of each of them."""
    if one.told.id or one.told.step is not DeliveryStep.FAILED:
        return None
    last = tx.operations.last_finished(environment.id, OperationKind.SYNC.value)
    same = last is not None and last.phase is Phase.FAILED and last.revision == one.revision.sha
    return last if same else None


def end_of_begun(tx: Transaction, environment: Environment, told: Told, revision: Revision) -> Operation | None:
    """The operation that tells how a delivery ended of which only now the beginning is told."""
    where = OperationFilter(environment_id=environment.id, revision=revision.sha)
    for found in tx.operations.page(where, LOOKED_AT, None).items:
        id = found.request.pipeline.id if found.request.pipeline else ""
        same = (
            id == told.id
            if told.id
            else found.finished_at is not None and found.created_at <= told.at <= found.finished_at
        )
        if same:
            return found
    return None


def record(tx: Transaction, environment: Environment, one: EndedDelivery) -> Operation:
    """Write a delivery down: as the newest, or as one that was told late and changes nothing of what is live."""
    operation = _operation(environment, one)
    late = _late(environment.status, one)
    tx.operations.add(operation)
    return conclude(tx, operation, _conclusion(environment, one, late=late), one.ended_at)


def _late(status: Status, one: EndedDelivery) -> bool:
    """Whether something newer is known. What did not go live is compared with whatever ended last."""
    newest = status.live_since if one.well else status.last_finished_at
    return newest is not None and one.ended_at < newest


def _operation(environment: Environment, one: EndedDelivery) -> Operation:
    told = one.told
    back = told.step is DeliveryStep.ROLLED_BACK
    request = Request(
        OperationKind.SYNC,
        Trigger.ROLLBACK if back else Trigger.EXTERNAL,
        str(external(environment.external.system if environment.external else "")),
        wanted=one.revision.sha,
        reason=f"begun there by {mask(told.actor)}" if told.actor else "",
        pipeline=Pipeline(mask(told.url), told.id) if told.url or told.id else None,
    )
    return Operation(
        id=new_id(one.now),
        environment_id=environment.id,
        environment=environment.name,
        mode=environment.mode.value,
        request=request,
        phase=Phase.RUNNING,
        created_at=one.started_at or one.ended_at,
        started_at=one.started_at,
        from_revision=environment.status.revision,
        subject=one.revision.subject,
        author=one.revision.author.name,
        stages=tuple(_stages(one)),
    )


def _stages(one: EndedDelivery) -> list[Stage]:
    """The stages that are known: applied only with its beginning, healthy only with its time."""
    stages, told = [], one.told
    if one.revision.dated:
        stages.append(Stage(StageName.COMMITTED, one.revision.committed_at, one.revision.committed_at))
    if one.well and one.started_at:
        stages.append(Stage(StageName.APPLIED, one.started_at, one.ended_at))
    if one.well and told.healthy_at and told.healthy_at >= told.ended_at:
        stages.append(Stage(StageName.HEALTHY, one.ended_at, min(one.now, told.healthy_at)))
    return stages


def _conclusion(environment: Environment, one: EndedDelivery, *, late: bool) -> Conclusion:
    phase, outcome = ENDS[one.told.step or DeliveryStep.FAILED]
    again = one.told.step is DeliveryStep.SUCCEEDED and one.revision.sha == environment.status.revision
    if again and not late:
        outcome = Outcome.NO_OP
    reason = mask(one.told.reason) or f"told by {one.title}"
    if late:
        return Conclusion(phase, outcome, f"{reason}; told late, what is live stays", one.revision.sha)
    moved = one.revision.sha != environment.status.revision
    well = one.told.standing is None or one.told.standing.health is not Health.DEGRADED
    return Conclusion(
        phase,
        outcome,
        reason,
        one.revision.sha,
        status=lambda before: status_after(before, one),
        live=WentLive(one.revision, "", moved, well) if one.well else None,
    )


def status_after(environment: Environment, one: EndedDelivery) -> Status:
    """The status with a delivery that is the newest."""
    before, told = environment.status, one.told
    if not one.well:
        return standing_after(environment, told.standing, told.at, one.now)
    same = before.revision == one.revision.sha and before.live_since is not None
    status = replace(
        before,
        sync=SyncStatus.UNKNOWN,
        health=Health.UNKNOWN,
        divergence=None,
        revision=one.revision.sha,
        subject=one.revision.subject,
        author=one.revision.author.name,
        live_since=before.live_since if same else one.ended_at,
        condition=CLEAR,
    )
    newer = before.checked_at is not None and before.checked_at > told.at
    if newer:
        status = replace(status, sync=before.sync, health=before.health, divergence=before.divergence)
    return standing_after(replace(environment, status=status), told.standing, told.at, one.now)


def standing_after(environment: Environment, standing: Standing | None, at: datetime, now: datetime) -> Status:
    """The status with what a system said of it at `at`; as it is where it said nothing, or something newer is known."""
    status, told_at = environment.status, min(now, at)
    if standing is None or (status.checked_at is not None and told_at < status.checked_at):
        return status
    return replace(
        status,
        sync=standing.sync,
        health=standing.health,
        divergence=standing.divergence,
        checked_at=told_at,
        expires_at=told_at + environment.verdict_lifetime(),
    )
