"""Syncs, refreshes, and the operations they become."""

from __future__ import annotations

from typing import Literal

from fastapi import Response

from app.domain.actor import Actor
from app.domain.operation import Operation as Run
from app.domain.operation import OperationKind, Pipeline, Request, Trigger
from app.domain.permissions import Permission
from app.ports import OperationFilter
from app.web.api.fields import AfterName, Limit, Name, OperationId, Since, Text, Until
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import RefreshBody, SyncBody
from app.web.api.response_models import Items, Operation, OperationWithLog, reply
from app.web.api.serializers.domain_json import event_json, operation_json, page_of
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("operations")
PhaseWord = Literal["", "queued", "running", "succeeded", "failed", "error", "terminated", "superseded"]
TriggerWord = Literal["", "pipeline", "webhook", "schedule", "agent", "manual", "rollback", "self_heal", "external"]


def accepted(operation: Run) -> Response:
    """A queued operation as an answer; follow it at its Location."""
    return reply(operation_json(operation), 202, Location=f"/api/v1/operations/{operation.id}")


def sync_request(body: SyncBody, by: Actor) -> Request:
    """What a POST to syncs asks for: one that tells of its pipeline is a pipeline's push, any other a person's."""
    sent = body.pipeline
    return Request(
        OperationKind.SYNC,
        Trigger.PIPELINE if sent else Trigger.MANUAL,
        str(by),
        wanted=body.revision,
        reason=body.reason,
        pipeline=Pipeline(sent.url, sent.id, sent.commit_time) if sent else None,
        allow_older=body.allow_older,
        override_hold=body.override_hold,
    )


@router.post(
    "/environments/{name}/syncs",
    status_code=202,
    response_model=Operation,
    responses=problems(409),
    dependencies=[may(Permission.SYNC)],
)
def sync(name: Name, use_cases: Cases, by: By, body: SyncBody | None = None) -> Response:
    """Ask for a sync. The answer is the queued operation; follow it at its Location.

    Under a hold it is refused with its owner and reason (409 `environment_held`) unless `override_hold` is true. What a
    pipeline pushes is taken and ends as held, so that its decision is on record.
    """
    return accepted(use_cases.queue.ask(name, sync_request(body or SyncBody(), by), by))


@router.post(
    "/environments/{name}/refreshes", status_code=202, response_model=Operation, dependencies=[may(Permission.REFRESH)]
)
def refresh(name: Name, use_cases: Cases, by: By, body: RefreshBody | None = None) -> Response:
    """Ask for a comparison of live with desired."""
    request = Request(OperationKind.REFRESH, Trigger.MANUAL, str(by), reason=body.reason if body else "")
    return accepted(use_cases.queue.ask(name, request, by))


@router.get("/operations", response_model=Items[Operation], dependencies=[may(Permission.VIEW)])
def list_operations(
    queries: Reads,
    who: Who,
    limit: Limit = 50,
    after: AfterName = "",
    environment: Text = "",
    phase: PhaseWord = "",
    trigger: TriggerWord = "",
    kind: Literal["", "sync", "refresh"] = "",
    outcome: Text = "",
    revision: Text = "",
    since: Since = None,
    until: Until = None,
) -> Response:
    """Operations, newest first."""
    where = OperationFilter(environment, None, phase, trigger, kind, outcome, revision, since, until)
    return reply(page_of(queries.operations.page(who, where, limit, after or None), operation_json))


@router.get("/operations/{id}", response_model=OperationWithLog, dependencies=[may(Permission.VIEW)])
def show_operation(id: OperationId, queries: Reads, who: Who) -> Response:
    """One operation with its stages, changes and log."""
    found = queries.operations.record(who, id)
    return reply({**operation_json(found.operation), "log": [event_json(event) for event in found.log]})


@router.post(
    "/operations/{id}/termination",
    status_code=202,
    response_model=Operation,
    responses=problems(409),
    dependencies=[may(Permission.TERMINATE)],
)
def terminate(id: OperationId, use_cases: Cases, by: By) -> Response:
    """Stop an operation: at once while queued, between two files while running."""
    return accepted(use_cases.queue.terminate(id, by))
