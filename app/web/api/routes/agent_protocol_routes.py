"""What agents ask and tell: docs/decisions/0016-agent-protocol.md. Only an agent's credential is let in here, and it
is let in nowhere else."""

from __future__ import annotations

import hashlib
from asyncio import create_task, get_running_loop
from typing import Annotated

from fastapi import Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.actor import agent as named
from app.domain.agents.protocol import Agent
from app.domain.errors import NotAuthenticated
from app.domain.permissions import Exemption
from app.notifications import InProcessNotifier, Listener
from app.web.api.openapi import problems
from app.web.api.request_bodies.agent_bodies import AgentAnswerBody, EnrollBody, ReportsBody
from app.web.api.response_models import Assignment, Enrolled, NextCredential, TakenReports, reply
from app.web.requests.permission_check import exempt
from app.web.requests.route_dependencies import Cases, bearer, client_ip
from app.web.requests.routers import api_router

LONGEST_S = 25.0
router = api_router("agent")
Version = Annotated[str, Header(alias="PushPull-Agent-Version", max_length=40, description="The agent's version.")]


def calling(request: Request, use_cases: Cases, version: Version = "") -> Agent:
    """The agent that asks. Raises NotAuthenticated, AgentRevoked, VersionSkew."""
    return _admitted(request, use_cases, version, listening=False)


def listening(request: Request, use_cases: Cases, version: Version = "") -> Agent:
    """The agent that asks for commands. Raises NotAuthenticated, AgentRevoked, VersionSkew."""
    return _admitted(request, use_cases, version, listening=True)


def _admitted(request: Request, use_cases: Cases, version: str, *, listening: bool) -> Agent:
    agent = use_cases.agents.admission.admit(_bearer(request), version, client_ip(request), listening=listening)
    request.state.actor = str(named(agent.name))
    return agent


Calling = Annotated[Agent, Depends(calling)]
Listening = Annotated[Agent, Depends(listening)]


def _bearer(request: Request) -> str:
    found = bearer(request)
    if found is None:
        raise NotAuthenticated("Send the agent's credential as a bearer token.")
    return found


Token = Annotated[str, Depends(_bearer)]


@router.post(
    "/agents",
    status_code=201,
    response_model=Enrolled,
    responses=problems(426),
    dependencies=[exempt(Exemption.ENROLLMENT)],
)
def enroll(body: EnrollBody, request: Request, token: Token, use_cases: Cases) -> Response:
    """Become an agent: the bearer token is a one-time enrollment token. The credential is in this answer only."""
    made = use_cases.agents.enrolling.enroll(token, body.name, body.version, client_ip(request))
    shown = {"id": made.agent.id, "name": made.agent.name, "credential": made.credential}
    payload = {**shown, "environments": list(made.environments), "server_version": use_cases.agents.admission.version}
    return reply(payload, 201)


@router.get(
    "/agents/self/assignment",
    response_model=Assignment,
    responses=problems(426),
    dependencies=[exempt(Exemption.AGENT)],
)
async def assignment(
    request: Request,
    agent: Listening,
    use_cases: Cases,
    known: Annotated[str, Query(max_length=40, description="Version of the assignment that is known.")] = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="The last command that is stored.")] = 0,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_S, description="How long to wait for news at most.")] = 20,
) -> Response:
    """What to work for and what to do. Waits until there is news; ends early when the agent is revoked."""
    bus: InProcessNotifier = request.app.state.bus
    listener = bus.listen((f"agent-{agent.id}",))  # first listen, then look: nothing falls between
    hung_up = create_task(_hung_up(request, listener))
    ends = get_running_loop().time() + patience(agent.id, get_running_loop().time(), wait_s)
    try:
        while True:
            news = await run_in_threadpool(use_cases.agents.assigning.news, agent.id, known, after)
            over = news.any or bus.closed or not await listener.wait(ends - get_running_loop().time())
            if hung_up.done():
                await run_in_threadpool(use_cases.agents.admission.left, agent)
                return Response(status_code=204)
            if over:
                return reply(dict(news.payload))
    finally:
        hung_up.cancel()
        bus.leave(listener)


def patience(id: str, now: float, wait_s: float) -> float:
    """Seconds that an agent waits: until the moment of each `wait_s` that is its own by its id, so that the requests of
    agents that all came back together do not end together. At least a quarter of `wait_s`, which may take two steps."""
    if not wait_s:
        return 0.0
    share = int.from_bytes(hashlib.sha256(id.encode()).digest()[:4]) / 2**32  # ids that follow on must lie apart
    own = wait_s - (now + share * wait_s) % wait_s
    return own if own >= wait_s / 4 else own + wait_s * 3 / 4


async def _hung_up(request: Request, listener: Listener) -> None:
    """Rings when the agent's end of the connection is closed: its process has ended, or gives up waiting."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    listener.notify(("hung up",))


@router.post(
    "/agents/self/reports",
    response_model=TakenReports,
    responses=problems(409, 426),
    dependencies=[exempt(Exemption.AGENT)],
)
def report(body: ReportsBody, request: Request, agent: Calling, use_cases: Cases) -> Response:
    """What the agent did and saw, chained. A batch that does not follow on is refused as a whole."""
    return reply(use_cases.agents.reporting.take(agent, body.model_dump(), client_ip(request)))


@router.post("/agents/self/answers", status_code=204, responses=problems(426), dependencies=[exempt(Exemption.AGENT)])
def answer(body: AgentAnswerBody, agent: Calling, use_cases: Cases) -> None:
    """The answer to a question that the agent was asked."""
    use_cases.agents.commands.answer(
        agent, body.command, body.model_dump(include={"result", "problem"}, exclude_none=True)
    )


@router.post(
    "/agents/self/credential",
    response_model=NextCredential,
    responses=problems(426),
    dependencies=[exempt(Exemption.AGENT)],
)
def rotate(request: Request, agent: Calling, use_cases: Cases) -> Response:
    """The next credential; the present one ends when the next is first used."""
    return reply({"credential": use_cases.agents.enrolling.rotate(agent, client_ip(request))})
