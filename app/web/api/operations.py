"""Syncs, refreshes, and the operations they become."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.domain.operation import Kind, Pipeline, Request, Trigger
from app.ports import OperationFilter
from app.services.world import Actor
from app.web.api.lists import After, Limit
from app.web.api.schemas import Anything, Items, RefreshBody, SyncBody
from app.web.api.shapes import event_json, operation_json, page_of
from app.web.deps import By, Cases, Who

router = APIRouter(tags=["operations"])
Text = Annotated[str, Query(max_length=200)]


def sync_request(body: SyncBody, by: Actor) -> Request:
    """What a POST to syncs asks for: with `pipeline`, or from a pipeline's own token, it is a pipeline's push."""
    told = body.pipeline
    return Request(
        Kind.SYNC,
        Trigger.PIPELINE if told else Trigger.MANUAL,
        by.name,
        wanted=body.revision,
        reason=body.reason,
        pipeline=Pipeline(told.url, told.id, told.commit_time) if told else None,
        allow_older=body.allow_older,
    )


@router.post("/environments/{name}/syncs", status_code=202, response_model=Anything)
def sync(name: str, cases: Cases, by: By, response: Response, body: SyncBody | None = None) -> Any:
    """Ask for a sync. The answer is the queued operation; follow it at its Location."""
    operation = cases.queue.ask(name, sync_request(body or SyncBody(), by), by)
    response.headers["Location"] = f"/api/v1/operations/{operation.id}"
    return operation_json(operation)


@router.post("/environments/{name}/refreshes", status_code=202, response_model=Anything)
def refresh(name: str, cases: Cases, by: By, response: Response, body: RefreshBody | None = None) -> Any:
    """Ask for a comparison of live with desired."""
    request = Request(Kind.REFRESH, Trigger.MANUAL, by.name, reason=body.reason if body else "")
    operation = cases.queue.ask(name, request, by)
    response.headers["Location"] = f"/api/v1/operations/{operation.id}"
    return operation_json(operation)


@router.get("/operations", response_model=Items)
def list_operations(
    cases: Cases,
    _: Who,
    limit: Limit = 50,
    after: After = None,
    environment: Text = "",
    phase: Text = "",
    trigger: Text = "",
    kind: Text = "",
    outcome: Text = "",
    revision: Text = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """Operations, newest first."""
    where = OperationFilter(environment, None, phase, trigger, kind, outcome, revision, since, until)
    with cases.world.store.read() as tx:
        return page_of(tx.operations.page(where, limit, after or None), operation_json)


@router.get("/operations/{id}", response_model=Anything)
def show_operation(id: str, cases: Cases, _: Who) -> Any:
    """One operation with its stages, changes and log."""
    with cases.world.store.read() as tx:
        operation = tx.operations.get(id)
        events = tx.ledger.page(operation=id, limit=500)
    return {**operation_json(operation), "log": [event_json(event) for event in events]}


@router.post("/operations/{id}/termination", status_code=202, response_model=Anything)
def terminate(id: str, cases: Cases, by: By) -> Any:
    """Stop an operation: at once while queued, between two files while running."""
    return operation_json(cases.queue.terminate(id, by))
