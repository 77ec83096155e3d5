"""The agents page: each agent's environments, its last request, and the enrollment of another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from fastapi import Request, Response

from app.domain.agents.enrollment_commands import host_commands, service_unit, unencrypted
from app.domain.agents.protocol import Agent
from app.domain.environment import Environment
from app.domain.errors import EnvironmentNotFound, InvalidInput
from app.domain.identity import Identity
from app.domain.permissions import Permission
from app.queries import Queries
from app.queries.agent_queries import AgentRecord
from app.web.pages.form_fields import Many
from app.web.rendering import render
from app.web.rendering.snippets import base_url
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import page_router
from app.wording.quantities import agree, plural

SKEWED_S = 2.0
REGION = "agents"
router = page_router()


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as a row of the table."""

    agent: Agent
    environments: tuple[str, ...]
    waiting: int
    connected: bool

    @property
    def skewed(self) -> bool:
        """Whether its clock differs by more than SKEWED_S."""
        return abs(self.agent.offset_s) > SKEWED_S


@dataclass(frozen=True, slots=True)
class AgentsPage:
    """The context of agents/index.html. `token`: a new token, or ""; `commands`: the commands that use it;
    `unit`: of systemd; `openly`: the connection is not encrypted, so others can read the token."""

    title: str
    rows: tuple[AgentRow, ...]
    revoked: tuple[Agent, ...]
    choices: tuple[Environment, ...]
    chosen: tuple[str, ...]
    token: str
    commands: str
    unit: str
    openly: bool
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/agents", dependencies=[may(Permission.VIEW_AGENTS)])
def agents(request: Request, queries: Reads, who: Who) -> Response:
    """The page."""
    return _page(request, queries, who)


def _page(
    request: Request,
    queries: Queries,
    who: Identity,
    chosen: tuple[str, ...] = (),
    token: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    fleet = queries.agents.fleet(who)
    choices, rows = fleet.choices, tuple(_row(one, fleet.now) for one in fleet.records)
    kinds, picked = queries.targets.kinds(), chosen or _obvious(choices)
    meant = [one for one in choices if one.name in picked] or choices
    places, repositories = [kinds.address(one.target) for one in meant], [one.source.repo_url for one in meant]
    context = AgentsPage(
        title=_title(rows, choices),
        rows=rows,
        revoked=fleet.revoked,
        choices=choices,
        chosen=picked,
        token=token,
        commands=host_commands(base_url(request), places, repositories),
        unit=service_unit(places, repositories),
        openly=unencrypted(base_url(request)),
        errors=errors or {},
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render.page(request, "agents/index.html", context, nav="agents", regions=(REGION,), status=status)


def _row(one: AgentRecord, now: datetime) -> AgentRow:
    return AgentRow(one.agent, one.environments, one.waiting, one.agent.connected(now))


def _obvious(choices: tuple[Environment, ...]) -> tuple[str, ...]:
    """The only environment without an agent, preselected; none of several, as they may be on different hosts."""
    lonely = [one.name for one in choices if one.agent is None]
    return tuple(lonely) if len(lonely) == 1 else ()


def _title(rows: tuple[AgentRow, ...], choices: tuple[Environment, ...]) -> str:
    away = sum(not row.connected for row in rows)
    if not rows and choices:
        return f"{plural(len(choices), 'environment waits', 'environments wait')} for an agent"
    if not rows:
        return "Agents"
    if away:
        return f"{away} of {len(rows)} agents {agree(away, 'is', 'are')} not connected"
    lonely = sum(one.agent is None for one in choices)
    waits = f"{plural(lonely, 'environment waits', 'environments wait')} for one"
    return f"Every agent is there; {waits}" if lonely else "Every agent is there"


@router.post("/agents/enrollments", dependencies=[may(Permission.MANAGE_AGENTS)])
def enroll(
    request: Request,
    use_cases: Cases,
    queries: Reads,
    who: Who,
    by: By,
    environments: Many = [],  # noqa: B006 — FastAPI copies
) -> Response:
    """Make a one-time token; this page shows it once."""
    try:
        _, token = use_cases.agents.enrolling.token(environments, by)
    except (InvalidInput, EnvironmentNotFound) as problem:
        error = problem.fields.get("environments", problem.detail)
        return _page(request, queries, who, tuple(environments), errors={"environments": error})
    return _page(request, queries, who, tuple(environments), token)


@router.post("/agents/{id}/revoke", dependencies=[may(Permission.MANAGE_AGENTS)])
def revoke(request: Request, use_cases: Cases, by: By, id: str) -> Response:
    """End an agent at once."""
    use_cases.agents.enrolling.revoke(id, by)
    body = "Its requests are refused from now on; its environments read Unknown."
    return render.done(request, "/agents", "The agent is revoked", body, "none")
