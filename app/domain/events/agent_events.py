"""Events of agents, each about one of the agent's environments. `agent` is the agent's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from app.domain.actor import Actor
from app.domain.events.fact import EventType, Fact, Mark


@dataclass(frozen=True, slots=True)
class AgentEnrolled(Fact):
    """An agent works for the environment from now on."""

    TYPE = EventType.AGENT_ENROLLED
    SENTENCE: ClassVar[str] = "agent {name} works for it"

    agent: str
    name: str


@dataclass(frozen=True, slots=True)
class AgentWasRevoked(Fact):
    """The environment's agent was revoked."""

    TYPE = EventType.AGENT_REVOKED
    SENTENCE: ClassVar[str] = "agent {name} was revoked by {by}"

    agent: str
    name: str
    by: Annotated[Actor, Mark.SAID]


@dataclass(frozen=True, slots=True)
class AgentSilent(Fact):
    """The environment's agent was not heard of for longer than a grace. `heard_at`: the last sign of life, or ""."""

    TYPE = EventType.AGENT_SILENT
    SENTENCE: ClassVar[str] = "agent {name} was not heard of for a while"

    agent: str
    name: str
    heard_at: str


@dataclass(frozen=True, slots=True)
class AgentHeard(Fact):
    """The environment's agent is heard again."""

    TYPE = EventType.AGENT_HEARD
    SENTENCE: ClassVar[str] = "agent {name} is heard again"

    agent: str
    name: str
