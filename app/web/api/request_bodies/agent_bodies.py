"""Request bodies of agents, and of those who enrol them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.services.agents.reports.report_batch import FURTHEST_S
from app.web.api.fields import LINE, NAME, Line, Moment, Word
from app.web.api.request_bodies.bodies import Body, JsonDict


class EnrollmentBody(Body):
    """Environments that an agent shall serve."""

    environments: list[Word] = Field(min_length=1, max_length=1000)
    expires_in_s: int | None = Field(None, ge=60, le=3600, description="How long the token is good. Default: an hour.")


class EnrollBody(Body):
    """An agent that introduces itself."""

    name: Annotated[str, Field(pattern=NAME, examples=["web-1"])]
    version: Annotated[str, Field(max_length=40, pattern=LINE, examples=["0.2.0"])]


class ReportsBody(Body):
    """Reports in a chain (docs/decisions/0016-agent-protocol.md), with the agent's clocks."""

    sent_at: Moment = Field(description="The agent's wall clock.")
    mono_s: float = Field(ge=0, le=FURTHEST_S, description="Its monotonic clock.")
    boot: Annotated[str, Field(max_length=100, pattern=LINE, description="What its monotonic clock counts from.")]
    offset_s: float | None = Field(
        None, ge=-FURTHEST_S, le=FURTHEST_S, description="What it measured has to be added to its wall clock."
    )
    offset_error_s: float | None = Field(None, ge=0, le=FURTHEST_S)
    reports: list[JsonDict] = Field(max_length=1000)


class AgentProblemBody(Body):
    """Why a question has no answer."""

    code: Word
    detail: Line


class AgentAnswerBody(Body):
    """The answer to a command that asks."""

    command: int = Field(ge=1, le=2**62)
    result: JsonDict | None = None
    problem: AgentProblemBody | None = None
