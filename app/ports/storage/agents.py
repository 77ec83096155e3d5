"""Agents, what they are told, and what they tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from app.domain.agents.protocol import Agent, Command, CommandKind, Enrollment


class Agents(Protocol):
    """The control plane's side: who is enrolled for what, and the commands on their way."""

    def add_enrollment(self, enrollment: Enrollment) -> None:
        """Store a one-time enrolment; its token is kept as a SHA-256 hash only."""
        ...

    def enrollment(self, token_hash: str) -> Enrollment | None:
        """The enrolment whose token has this SHA-256 hash (hex), used or not; None where there is none."""
        ...

    def use_enrollment(self, id: str, agent: str, at: datetime) -> bool:
        """Note that agent `agent` (its id) used the enrolment at `at`. False if it was used already."""
        ...

    def add(self, agent: Agent, environment_ids: Collection[int]) -> None:
        """Store an agent and hand it the environments, which leave the agent they had."""
        ...

    def get(self, id: str, *, lock: bool = False) -> Agent:
        """One agent. `lock`: nobody else changes it until the transaction's end. Raises AgentNotFound."""
        ...

    def by_credential(self, hash: str) -> Agent | None:
        """The agent whose credential, or handed-out next one, this is."""
        ...

    def all(self) -> tuple[Agent, ...]:
        """Oldest first, revoked ones included."""
        ...

    def save(self, agent: Agent) -> None:
        """Write all fields of an existing agent."""
        ...

    def heard(self, id: str, at: datetime, address: str | None, *, listening: bool) -> None:
        """Note a sign of life, also on its environments, whose verdicts may be believed again that long; `listening`:
        the sign is a request for commands."""
        ...

    def left(self, id: str, since: datetime) -> bool:
        """Note that the request for commands of `since` broke off; False where there was a newer one."""
        ...

    def of_environment(self, environment_id: int) -> Agent | None:
        """The agent that serves the environment now; None where no agent does."""
        ...

    def environments(self, id: str) -> Mapping[int, str]:
        """{environment id: name} that it serves now."""
        ...

    def assigned(self, id: str) -> Mapping[int, int]:
        """{environment id: version of its specification}: what an assignment's version is made of."""
        ...

    def ever_served(self, id: str, environment_id: int) -> bool:
        """Whether the agent serves the environment now or did so at any time before."""
        ...

    def hand_over(self, environment_id: int, agent: str | None, at: datetime) -> None:
        """Give an environment to another agent, or to none."""
        ...

    def send(
        self,
        environment_id: int,
        kind: CommandKind,
        data: Mapping[str, Any],
        at: datetime,
        expires_at: datetime,
        operation: str | None = None,
    ) -> Command:
        """Store a command for whichever agent serves the environment; the caller rings "agents" after the commit."""
        ...

    def commands(self, agent: str, after: int, limit: int = 100) -> tuple[Command, ...]:
        """Waiting ones for its environments with seq > after, oldest first."""
        ...

    def command(self, seq: int) -> Command | None:
        """One command by its number; None where there is none."""
        ...

    def save_command(self, command: Command) -> None:
        """Write state and answer of an existing command."""
        ...

    def take(self, agent: str, through: int) -> None:
        """The agent has stored all commands up to `through`."""
        ...

    def waiting(self, environment_id: int) -> tuple[Command, ...]:
        """Commands of the environment that no agent has taken yet, oldest first."""
        ...

    def expired(self, now: datetime) -> tuple[Command, ...]:
        """Waiting ones whose time is over."""
        ...

    def waiting_counts(self) -> Mapping[str, int]:
        """{agent: number of commands that wait for it}; agents without any are left out."""
        ...

    def silent(self, now: datetime) -> tuple[Agent, ...]:
        """Those that are not revoked, serve something, have been silent longer than GRACE, and were not told of."""
        ...
