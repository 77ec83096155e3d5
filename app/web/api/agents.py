"""Agents are not part of this version; the routes say so."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.domain.errors import NotFound
from app.web.api.answers import Agent, Items, reply
from app.web.api.fields import Id
from app.web.api.openapi import problems
from app.web.api.schemas import EnrollmentBody
from app.web.api.shapes import page_json
from app.web.deps import By, Who

router = APIRouter(tags=["agents"])


class AgentsNotAvailable(NotFound):
    """Agents are not part of this version; environments run on the server."""


@router.get("/agents", response_model=Items[Agent])
def list_agents(_: Who) -> Response:
    """Enrolled agents; none in this version."""
    return reply(page_json([], None))


@router.post("/agents/enrollments", status_code=404, responses=problems(404), response_class=Response)
def enroll(body: EnrollmentBody, _: By) -> None:
    """Not available in this version: answers 404 `agents_not_available`."""
    raise AgentsNotAvailable()


@router.delete("/agents/{id}", status_code=404, responses=problems(404), response_class=Response)
def remove_agent(id: Id, _: By) -> None:
    """Not available in this version: answers 404 `agents_not_available`."""
    raise AgentsNotAvailable()
