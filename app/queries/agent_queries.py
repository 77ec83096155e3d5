"""Queries about agents: their environments, and the environments that another agent could be enrolled for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.agents.protocol import Agent
from app.domain.environment import Environment, RunsOn
from app.domain.identity import Identity
from app.ports import EnvironmentFilter, Page, Ports, Transaction

CHOICES = 500


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent, the names of the environments that it serves, and how many commands wait for it."""

    agent: Agent
    environments: tuple[str, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """The agents at work, the revoked ones, and the environments that an agent may be enrolled for: those first that
    have none, or one that was revoked."""

    now: datetime
    records: tuple[AgentRecord, ...]
    revoked: tuple[Agent, ...]
    choices: tuple[Environment, ...]


class AgentQueries:
    """Reads agents."""

    def __init__(self, ports: Ports) -> None:
        self._store, self._clock = ports.store, ports.clock

    def page(self, identity: Identity, limit: int, after: str) -> Page[AgentRecord]:
        """Agents, oldest first, revoked ones included."""
        with self._store.read() as tx:
            every = [one for one in tx.agents.all() if not after or one.id > after]
            return Page(_records(tx, every[:limit]), every[limit - 1].id if len(every) > limit else None)

    def fleet(self, identity: Identity) -> Fleet:
        """All agents, and the environments that an agent may be enrolled for."""
        now = self._clock.now()
        with self._store.read() as tx:
            every = tx.agents.all()
            revoked = tuple(one for one in every if one.revoked_at)
            working = [one for one in every if not one.revoked_at]
            return Fleet(now, _records(tx, working), revoked, _choices(tx, now, frozenset(one.id for one in revoked)))

    def enrolled(self, identity: Identity) -> tuple[Agent, ...]:
        """Agents that are not revoked, oldest first."""
        with self._store.read() as tx:
            return tuple(one for one in tx.agents.all() if one.revoked_at is None)


def _records(tx: Transaction, agents: Sequence[Agent]) -> tuple[AgentRecord, ...]:
    waiting = tx.agents.waiting_counts()
    return tuple(
        AgentRecord(one, tuple(tx.agents.environments(one.id).values()), waiting.get(one.id, 0)) for one in agents
    )


def _choices(tx: Transaction, now: datetime, revoked: frozenset[str]) -> tuple[Environment, ...]:
    found = tx.environments.page(EnvironmentFilter(), now, CHOICES, None).items
    every = [row.environment for row in found if row.environment.runs_on is RunsOn.AGENT]
    theirs = [replace(one, agent=None) if one.agent in revoked else one for one in every]
    return tuple(sorted(theirs, key=lambda one: (one.agent is not None, one.name)))
