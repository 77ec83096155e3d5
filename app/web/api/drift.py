"""Drift, and the answers to it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.web.api.schemas import AdoptBody, Anything, IgnoreBody
from app.web.api.shapes import drift_json, operation_json
from app.web.deps import By, Cases, Who

router = APIRouter(tags=["drift"])


@router.get("/environments/{name}/drift", response_model=Anything)
def show_drift(name: str, cases: Cases, _: Who) -> Any:
    """What moved on the target, as the last full comparison found it."""
    with cases.world.store.read() as tx:
        environment = tx.environments.get(name)
        stored = tx.drift.get(environment.id)
    return drift_json(environment, stored, environment.status.checked_at)


@router.post("/environments/{name}/drift/heals", status_code=202, response_model=Anything)
def heal(name: str, cases: Cases, by: By) -> Any:
    """Make live equal the live revision again."""
    return operation_json(cases.drift.heal(name, by))


@router.post("/environments/{name}/drift/acknowledgements", status_code=204)
def acknowledge(name: str, cases: Cases, by: By) -> None:
    """Say that somebody knows of the open episode."""
    cases.drift.acknowledge(name, by)


@router.post("/environments/{name}/drift/adoptions", status_code=202, response_model=Anything)
def adopt(name: str, cases: Cases, by: By, body: AdoptBody | None = None) -> Any:
    """Commit what drifted onto a branch in Git and push it."""
    given = body or AdoptBody()
    revision, operation = cases.drift.adopt(name, given.paths, given.branch, given.message, by)
    return {"revision": revision.sha, "operation": operation_json(operation) if operation else None}


@router.put("/environments/{name}/ignore-rules", status_code=202, response_model=Anything)
def ignore(name: str, body: IgnoreBody, cases: Cases, by: By) -> Any:
    """Accept drift at a path or glob; the answer is the refresh that follows."""
    return operation_json(cases.drift.ignore(name, body.path, body.reason, body.expires_at, by))


@router.delete("/environments/{name}/ignore-rules", status_code=202, response_model=Anything)
def stop_ignoring(name: str, path: Annotated[str, Query(min_length=1, max_length=2000)], cases: Cases, by: By) -> Any:
    """Remove an ignore rule; the answer is the refresh that follows."""
    return operation_json(cases.drift.stop_ignoring(name, path, by))
