"""Agents are not part of this version; the routes say so."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.domain.errors import NotFound
from app.web.api.schemas import EnrollmentBody, Items
from app.web.api.shapes import page_json
from app.web.deps import By, Who

router = APIRouter(tags=["agents"])


class AgentsNotAvailable(NotFound):
    """Agents are not part of this version; environments run on the server."""


@router.get("/agents", response_model=Items)
def list_agents(_: Who) -> Any:
    """Enrolled agents; none in this version."""
    return page_json([], None)


@router.post("/agents/enrollments", status_code=201)
def enroll(body: EnrollmentBody, _: By) -> None:
    """Not available in this version: answers 404 `agents_not_available`."""
    raise AgentsNotAvailable()


@router.delete("/agents/{id}", status_code=204)
def remove_agent(id: str, _: By) -> None:
    """Not available in this version: answers 404 `agents_not_available`."""
    raise AgentsNotAvailable()
