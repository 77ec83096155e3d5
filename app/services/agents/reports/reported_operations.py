"""Operations in agents' reports: checked to be the environment's, with times by our clock; final ones never change."""

from __future__ import annotations

from dataclasses import replace

from app.domain.actor import Actor, ActorKind
from app.domain.actor import agent as named
from app.domain.agents.wire import decode
from app.domain.environment import Environment
from app.domain.errors import OperationNotFound, ReportRefused
from app.domain.operation import Operation, Stage, StageName
from app.services.agents.reports.report_context import ULID, ReportContext, check_mode, check_values, own
from app.services.agents.reports.reported_noticings import told_by_operation
from app.services.outcomes.conclusion import store_reported


def take_operation(context: ReportContext, environment: Environment) -> None:
    """Store an operation as its agent reports it. Raises ReportRefused, InvalidInput."""
    reported = checked(context, environment, decode(Operation, context.data))
    stored = own(context, environment, reported.id)
    told_by_operation(context, environment, _take(context, reported, stored))


def checked(context: ReportContext, environment: Environment, reported: Operation) -> Operation:
    """The reported operation, checked to belong to its environment. Raises ReportRefused, InvalidInput."""
    if (reported.environment_id, reported.environment) != (environment.id, environment.name):
        raise ReportRefused(f"The operation is not one of {environment.name}.")
    check_mode(context, environment, reported.mode or None)
    changes = reported.changes
    counts = changes.created, changes.updated, changes.deleted, changes.unchanged, reported.total, reported.done
    check_values((reported.revision, reported.from_revision), counts)
    return replace(reported, mode=reported.mode or environment.mode.value)


def _take(context: ReportContext, reported: Operation, stored: Operation | None) -> Operation:
    if stored and stored.phase.final:
        if (stored.phase, stored.outcome, stored.revision) == (reported.phase, reported.outcome, reported.revision):
            return stored
        raise ReportRefused(f"Operation {reported.id} ended {stored.phase.value}; that does not change any more.")
    ours = _ours(context, reported, stored)
    store_reported(context.tx, ours, known=stored is not None)
    return ours


def _ours(context: ReportContext, reported: Operation, stored: Operation | None) -> Operation:
    """The operation with times by our clock; a request that the control plane made stays as stored."""
    request = reported.request
    if stored is None:
        request = replace(
            request,
            initiated_by=initiator(context, reported),
            noticed_at=context.time(request.noticed_at),
            visible_after=context.time(request.visible_after),
        )
    return replace(
        reported,
        request=stored.request if stored else request,
        created_at=stored.created_at if stored else context.time(reported.created_at) or context.at,
        started_at=context.time(reported.started_at),
        finished_at=context.time(reported.finished_at) or (context.at if reported.phase.final else None),
        stages=tuple(_stage(context, stage, reported) for stage in reported.stages),
        reason=reported.reason[:2000],
        worker=None if reported.phase.final else f"agent:{context.agent.id}",
        heartbeat_at=context.now,
        termination_by=(stored.termination_by if stored else None) or reported.termination_by,
    )


def initiator(context: ReportContext, reported: Operation) -> str:
    """The initiator of an operation that the agent started: the agent, or the initiator of the repeated operation."""
    if reported.request.retry_of and ULID.match(reported.request.retry_of):
        try:
            before = context.tx.operations.get(reported.request.retry_of)
        except OperationNotFound:
            before = None
        if before and before.environment_id == reported.environment_id:
            return before.request.initiated_by
    given = reported.request.initiated_by
    return given[:100] if Actor.parse(given).kind is ActorKind.SYSTEM else str(named(context.agent.name))


def _stage(context: ReportContext, stage: Stage, reported: Operation) -> Stage:
    """A stage by our clock; commit times are Git's."""
    if stage.name is StageName.COMMITTED:
        return stage
    committed = reported.stage(StageName.COMMITTED)
    gits = committed is not None and stage.name is StageName.VISIBLE and stage.started_at == committed.started_at
    started = stage.started_at if gits else context.time(stage.started_at) or context.at
    return Stage(stage.name, started, context.time(stage.finished_at))
