"""Agents, as people and scripts manage them."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Response

from app.domain.agents.protocol import ENROLLMENT_LIFE
from app.domain.permissions import Permission
from app.web.api.fields import AfterName, Id, Limit
from app.web.api.openapi import problems
from app.web.api.request_bodies.agent_bodies import EnrollmentBody
from app.web.api.response_models import Agent, Enrollment, Items, reply
from app.web.api.serializers.agent_json import agent_json
from app.web.api.serializers.domain_json import at, page_of
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("agents")


@router.get("/agents", response_model=Items[Agent], dependencies=[may(Permission.VIEW_AGENTS)])
def list_agents(queries: Reads, who: Who, limit: Limit = 200, after: AfterName = "") -> Response:
    """Agents, oldest first, revoked ones included."""
    now = queries.now()
    page = queries.agents.page(who, limit, after)
    return reply(page_of(page, lambda one: agent_json(one.agent, now, one.environments, one.waiting)))


@router.post(
    "/agents/enrollments",
    status_code=201,
    response_model=Enrollment,
    responses=problems(404, 409),
    dependencies=[may(Permission.MANAGE_AGENTS)],
)
def make_enrollment(body: EnrollmentBody, use_cases: Cases, by: By) -> Response:
    """A one-time token that makes one agent for some environments. It is in this answer and nowhere else."""
    life = timedelta(seconds=body.expires_in_s) if body.expires_in_s else ENROLLMENT_LIFE
    made, token = use_cases.agents.enrolling.token(body.environments, by, life)
    shown = {"id": made.id, "token": token, "environments": list(made.environments)}
    return reply({**shown, "expires_at": at(made.expires_at)}, 201)


@router.delete("/agents/{id}", status_code=204, dependencies=[may(Permission.MANAGE_AGENTS)])
def revoke_agent(id: Id, use_cases: Cases, by: By) -> None:
    """Revoke an agent at once: it is let in nowhere any more, and its environments read Unknown."""
    use_cases.agents.enrolling.revoke(id, by)
