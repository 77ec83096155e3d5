"""What agents ask and tell: docs/decisions/0016-agent-protocol.md. Only an agent's credential is let in here, and it
is let in nowhere else."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.agent import Agent
from app.domain.errors import NotAuthenticated
from app.live import Bus
from app.services.agents.assigning import News
from app.services.usecases import UseCases
from app.web.api.agent_schemas import AgentAnswerBody, EnrollBody, ReportsBody
from app.web.api.answers import Assignment, Enrolled, NextCredential, TakenReports, reply
from app.web.api.openapi import problems
from app.web.deps import Cases, bearer, client_ip, use_cases

LONGEST_S = 25.0
router = APIRouter(tags=["agent"])
Version = Annotated[str, Header(alias="PushPull-Agent-Version", max_length=40, description="The agent's version.")]


def calling(request: Request, cases: Cases, version: Version = "") -> Agent:
    """The agent that asks. Raises NotAuthenticated, AgentRevoked, VersionSkew."""
    agent = cases.agents.admission.admit(_bearer(request), version, client_ip(request))
    request.state.actor = f"agent:{agent.name}"
    return agent


Calling = Annotated[Agent, Depends(calling)]


def _bearer(request: Request) -> str:
    found = bearer(request)
    if found is None:
        raise NotAuthenticated("Send the agent's credential as a bearer token.")
    return found


Token = Annotated[str, Depends(_bearer)]


@router.post("/agents", status_code=201, response_model=Enrolled, responses=problems(426))
def enroll(body: EnrollBody, request: Request, token: Token, cases: Cases) -> Response:
    """Become an agent: the bearer token is a one-time enrollment token. The credential is in this answer only."""
    made = cases.agents.enrolling.enroll(token, body.name, body.version, client_ip(request))
    shown = {"id": made.agent.id, "name": made.agent.name, "credential": made.credential}
    told = {**shown, "environments": list(made.environments), "server_version": cases.agents.admission.version}
    return reply(told, 201)


@router.get("/agents/self/assignment", response_model=Assignment, responses=problems(426))
async def assignment(
    request: Request,
    agent: Calling,
    known: Annotated[str, Query(max_length=40, description="Version of the assignment that is known.")] = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="The last command that is stored.")] = 0,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_S, description="How long to wait for news.")] = 20,
) -> Response:
    """What to work for and what to do. Waits until there is news; ends early when the agent is revoked."""
    return reply(dict(await _awaited(request, agent.id, known, after, wait_s)))


async def _awaited(request: Request, id: str, known: str, after: int, wait_s: float) -> Any:
    """Listen first, then look, so that nothing falls between; a wait costs no thread and no query."""
    from asyncio import get_running_loop

    bus: Bus = request.app.state.bus
    cases: UseCases = use_cases(request)
    now = get_running_loop().time
    ends, listener = now() + wait_s, bus.listen((f"agent-{id}",))
    try:
        news: News = await run_in_threadpool(cases.agents.assigning.news, id, known, after)
        while not news.any and not bus.closed and now() < ends:
            if await listener.wait(ends - now()):
                news = await run_in_threadpool(cases.agents.assigning.news, id, known, after)
        return news.told
    finally:
        bus.leave(listener)


@router.post("/agents/self/reports", response_model=TakenReports, responses=problems(409, 426))
def report(body: ReportsBody, request: Request, agent: Calling, cases: Cases) -> Response:
    """What the agent did and saw, chained. A batch that does not follow on is refused as a whole."""
    return reply(cases.agents.reporting.take(agent, body.model_dump(), client_ip(request)))


@router.post("/agents/self/answers", status_code=204, responses=problems(426))
def answer(body: AgentAnswerBody, agent: Calling, cases: Cases) -> None:
    """The answer to a question that the agent was asked."""
    cases.agents.commands.answer(agent, body.command, body.model_dump(include={"result", "problem"}, exclude_none=True))


@router.post("/agents/self/credential", response_model=NextCredential, responses=problems(426))
def rotate(request: Request, agent: Calling, cases: Cases) -> Response:
    """The next credential; the present one ends when the next is first used."""
    return reply({"credential": cases.agents.enrolling.rotate(agent, client_ip(request))})
