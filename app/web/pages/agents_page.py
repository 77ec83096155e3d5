"""Agents: who works where, when they were heard of, and how another one is enrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from fastapi import Request, Response

from app.domain.agents.enrollment_commands import host_commands, unencrypted
from app.domain.agents.protocol import Agent
from app.domain.environment import Environment, RunsOn
from app.domain.errors import EnvironmentNotFound, InvalidInput
from app.ports import EnvironmentFilter, Transaction
from app.services.use_cases import UseCases
from app.web.pages.form_fields import Many
from app.web.rendering import render
from app.web.rendering.present import plural
from app.web.rendering.snippets import base_url
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import By, Visitor

CHOICES = 500
SKEWED_S = 2.0
REGION = "agents"
router = page_router()


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as a line of the table. `skewed`: its clock is off by more than a little."""

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
    """What agents/index.html gets. `token`: the one that was just made, "" otherwise; `commands`: what to run with it;
    `openly`: the token and all that follows can be read on the way."""

    title: str
    rows: tuple[AgentRow, ...]
    revoked: tuple[Agent, ...]
    choices: tuple[Environment, ...]
    chosen: tuple[str, ...]
    token: str
    commands: str
    openly: bool
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/agents")
def agents(request: Request, use_cases: Cases, _: Visitor) -> Response:
    """The page."""
    return _page(request, use_cases)


def _page(
    request: Request,
    use_cases: UseCases,
    chosen: tuple[str, ...] = (),
    token: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    now = use_cases.ports.clock.now()
    with use_cases.ports.store.read() as tx:
        every = tx.agents.all()
        rows = _rows(tx, every, now)
        choices = _choices(tx, now, frozenset(one.id for one in every if one.revoked_at))
    context = AgentsPage(
        title=_title(rows, choices),
        rows=rows,
        revoked=tuple(one for one in every if one.revoked_at),
        choices=choices,
        chosen=chosen or _obvious(choices),
        token=token,
        commands=host_commands(base_url(request)),
        openly=unencrypted(base_url(request)),
        errors=errors or {},
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render.page(request, "agents/index.html", context, nav="agents", regions=(REGION,), status=status)


def _rows(tx: Transaction, agents: tuple[Agent, ...], now: datetime) -> tuple[AgentRow, ...]:
    waiting = tx.agents.waiting_counts()
    return tuple(
        AgentRow(one, tuple(tx.agents.environments(one.id).values()), waiting.get(one.id, 0), one.connected(now))
        for one in agents
        if not one.revoked_at
    )


def _choices(tx: Transaction, now: datetime, revoked: frozenset[str]) -> tuple[Environment, ...]:
    """Environments that an agent may be enrolled for; those first that have none, or one that was revoked."""
    found = tx.environments.page(EnvironmentFilter(), now, CHOICES, None).items
    every = [row.environment for row in found if row.environment.runs_on is RunsOn.AGENT]
    theirs = [replace(one, agent=None) if one.agent in revoked else one for one in every]
    return tuple(sorted(theirs, key=lambda one: (one.agent is not None, one.name)))


def _obvious(choices: tuple[Environment, ...]) -> tuple[str, ...]:
    """The only environment that has no agent; of several it is not known which host they are on."""
    lonely = [one.name for one in choices if one.agent is None]
    return tuple(lonely) if len(lonely) == 1 else ()


def _title(rows: tuple[AgentRow, ...], choices: tuple[Environment, ...]) -> str:
    away = sum(not row.connected for row in rows)
    if not rows and choices:
        return f"{plural(len(choices), 'environment')} {'waits' if len(choices) == 1 else 'wait'} for an agent"
    if not rows:
        return "Agents"
    if away:
        return f"{away} of {len(rows)} agents {'is' if away == 1 else 'are'} not connected"
    lonely = sum(one.agent is None for one in choices)
    waits = f"{lonely} environment{' waits' if lonely == 1 else 's wait'} for one"
    return f"Every agent is there; {waits}" if lonely else "Every agent is there"


@router.post("/agents/enrollments")
def enroll(request: Request, use_cases: Cases, by: By, environments: Many = []) -> Response:  # noqa: B006 — FastAPI copies
    """Make a one-time token; it is on this page and nowhere else."""
    try:
        _, token = use_cases.agents.enrolling.token(environments, by)
    except (InvalidInput, EnvironmentNotFound) as problem:
        told = problem.fields.get("environments", problem.detail)
        return _page(request, use_cases, tuple(environments), errors={"environments": told})
    return _page(request, use_cases, tuple(environments), token)


@router.post("/agents/{id}/revoke")
def revoke(request: Request, use_cases: Cases, by: By, id: str) -> Response:
    """End an agent at once."""
    use_cases.agents.enrolling.revoke(id, by)
    body = "Its requests are refused from now on; its environments read Unknown."
    return render.done(request, "/agents", "The agent is revoked", body, "none")
