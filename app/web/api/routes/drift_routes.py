"""Drift, and the answers to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from app.web.api.fields import LINE, Name
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import AdoptBody, IgnoreBody
from app.web.api.response_models import Adopted, Drift, Operation, reply
from app.web.api.routes.operation_routes import accepted
from app.web.api.serializers.domain_json import drift_json, operation_json
from app.web.requests.route_dependencies import By, Cases, Who
from app.web.requests.routers import api_router

router = api_router("drift")
RulePath = Annotated[str, Query(min_length=1, max_length=2000, pattern=LINE, description="Path of the rule.")]


@router.get("/environments/{name}/drift", response_model=Drift)
def show_drift(name: Name, use_cases: Cases, _: Who) -> Response:
    """What moved on the target, as the last full comparison found it."""
    with use_cases.ports.store.read() as tx:
        environment = tx.environments.get(name)
        stored = tx.drift.get(environment.id)
    return reply(drift_json(environment, stored, environment.status.checked_at))


@router.post("/environments/{name}/drift/heals", status_code=202, response_model=Operation)
def heal(name: Name, use_cases: Cases, by: By) -> Response:
    """Make live equal the live revision again."""
    return accepted(use_cases.drift.heal(name, by))


@router.post("/environments/{name}/drift/acknowledgements", status_code=204)
def acknowledge(name: Name, use_cases: Cases, by: By) -> None:
    """Say that somebody knows of the open episode."""
    use_cases.drift.acknowledge(name, by)


@router.post(
    "/environments/{name}/drift/adoptions", status_code=202, response_model=Adopted, responses=problems(409, 424, 503)
)
def adopt(name: Name, use_cases: Cases, by: By, body: AdoptBody | None = None) -> Response:
    """Commit what drifted onto a branch in Git and push it."""
    given = body or AdoptBody()
    revision, operation = use_cases.drift.adopt(name, given.paths, given.branch, given.message, by)
    return reply({"revision": revision.sha, "operation": operation_json(operation) if operation else None}, 202)


@router.put("/environments/{name}/ignore-rules", status_code=202, response_model=Operation)
def ignore(name: Name, body: IgnoreBody, use_cases: Cases, by: By) -> Response:
    """Accept drift at a path or glob; the answer is the refresh that follows."""
    return accepted(use_cases.drift.ignore(name, body.path, body.reason, body.expires_at, by))


@router.delete("/environments/{name}/ignore-rules", status_code=202, response_model=Operation)
def stop_ignoring(name: Name, path: RulePath, use_cases: Cases, by: By) -> Response:
    """Remove an ignore rule; the answer is the refresh that follows."""
    return accepted(use_cases.drift.stop_ignoring(name, path, by))
