"""The ledger's entries: every change of state and every decision, appended once, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.environment import Environment
from app.domain.errors import InvalidInput
from app.domain.events import agent_events as agents
from app.domain.events import environment_events as environments
from app.domain.events import operation_events as operations
from app.domain.events import source_events as sources
from app.domain.events.fact import EventType as EventType
from app.domain.events.fact import Fact as Fact
from app.domain.events.fact import UnreadFact as UnreadFact

FACTS: tuple[type[Fact], ...] = (
    environments.EnvironmentCreated,
    environments.IgnoreRuleEdited,
    environments.EnvironmentEdited,
    environments.EnvironmentSwitched,
    environments.EnvironmentDeleted,
    operations.OperationQueued,
    operations.OperationStage,
    operations.OperationLog,
    operations.OperationConcluded,
    operations.AnnouncedDecision,
    operations.Decision,
    sources.RevisionNoticed,
    sources.RefMoved,
    sources.SourceFailed,
    sources.SourceRecovered,
    environments.DriftDetected,
    environments.DriftChanged,
    environments.DriftAcknowledged,
    environments.DriftWrittenBack,
    environments.DriftEnded,
    environments.HoldSet,
    environments.RollbackHoldSet,
    environments.HoldEnded,
    environments.RevisionMarkedBad,
    environments.StatusChanged,
    environments.HealthChanged,
    sources.WebhookReceived,
    sources.WebhookMissed,
    sources.PipelineMissed,
    agents.AgentEnrolled,
    agents.AgentWasRevoked,
    agents.AgentSilent,
    agents.AgentHeard,
    operations.CommandNotTaken,
)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append: what it says, and where it belongs. `environment` is a name, None for the installation as a
    whole. `origin`: where an agent's event was written first: {"agent", "id", "at", "received_at"}, with its own id
    and its own clock's time."""

    fact: Fact
    environment: str | None = None
    environment_id: int | None = None
    operation: str | None = None
    origin: Mapping[str, Any] | None = None

    @property
    def type(self) -> EventType:
        """What happened."""
        return self.fact.type


@dataclass(frozen=True, slots=True)
class Event:
    """An appended event, as it is stored; ids grow. `fact` reads what it says."""

    type: EventType
    environment: str | None = None
    environment_id: int | None = None
    operation: str | None = None
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] | None = None
    id: int = 0
    at: datetime | None = None

    @property
    def fact(self) -> Fact:
        """What the event says; an UnreadFact where its data are of a form that is not known here."""
        return read(self.type, self.data, self.reason)


def about(environment: Environment, fact: Fact, operation: str | None = None) -> NewEvent:
    """An event of an environment."""
    return NewEvent(fact, environment.name, environment.id, operation)


def read(type: EventType, data: Mapping[str, Any], reason: str) -> Fact:
    """What an event says, from its stored form."""
    for kind in FACTS:
        if kind.TYPE is type:
            try:
                return kind.read(data, reason)
            except InvalidInput:
                continue
    return UnreadFact(type, data, reason)
