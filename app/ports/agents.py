"""Agents, what they are told, and what they tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from app.domain.agent import Agent, Command, CommandKind, Enrollment, Report, ReportKind


class Agents(Protocol):
    """The control plane's side: who is enrolled for what, and the commands on their way."""

    def add_enrollment(self, enrollment: Enrollment) -> None: ...

    def enrollment(self, token_hash: str) -> Enrollment | None: ...

    def use_enrollment(self, id: str, agent: str, at: datetime) -> bool:
        """False if it was used already."""
        ...

    def add(self, agent: Agent, environment_ids: Collection[int]) -> None:
        """Store an agent and hand it the environments, which leave the agent they had."""
        ...

    def get(self, id: str, *, lock: bool = False) -> Agent:
        """Raises AgentNotFound. `lock`: nobody else changes it until the transaction's end."""
        ...

    def by_credential(self, hash: str) -> Agent | None:
        """The agent whose credential, or handed-out next one, this is."""
        ...

    def all(self) -> tuple[Agent, ...]:
        """Oldest first, revoked ones included."""
        ...

    def save(self, agent: Agent) -> None: ...

    def heard(self, id: str, at: datetime, address: str | None) -> None:
        """Note a sign of life, also on its environments, whose verdicts may be believed again that long."""
        ...

    def of_environment(self, environment_id: int) -> Agent | None: ...

    def environments(self, id: str) -> Mapping[int, str]:
        """{environment id: name} that it serves now."""
        ...

    def assigned(self, id: str) -> Mapping[int, int]:
        """{environment id: version of its specification}: what an assignment's version is made of."""
        ...

    def ever_served(self, id: str, environment_id: int) -> bool: ...

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

    def command(self, seq: int) -> Command | None: ...

    def save_command(self, command: Command) -> None: ...

    def take(self, agent: str, through: int) -> None:
        """The agent has stored all commands up to `through`."""
        ...

    def waiting(self, environment_id: int) -> tuple[Command, ...]: ...

    def expired(self, now: datetime) -> tuple[Command, ...]:
        """Waiting ones whose time is over."""
        ...

    def waiting_counts(self) -> Mapping[str, int]:
        """{agent: number of commands that wait for it}; agents without any are left out."""
        ...

    def silent(self, now: datetime) -> tuple[Agent, ...]:
        """Those that are not revoked, serve something, have been silent longer than GRACE, and were not told of."""
        ...


class Outbox(Protocol):
    """The agent's side: reports that wait for the control plane, on disk in the transaction of what they tell.

    A report is given its number and hash when it is about to be sent for the first time, and never changes from then
    on. One with a `key` takes the place of an unnumbered one with the same key: the newer tells all that it told.
    """

    def put(
        self,
        at: datetime,
        mono_s: float,
        boot: str,
        environment: int,
        kind: ReportKind,
        data: Mapping[str, Any],
        key: str = "",
    ) -> None:
        """Append a report."""
        ...

    def page(self, limit: int, size: int) -> tuple[Report, ...]:
        """The oldest that wait, numbered and chained to what was sent before: at most `limit`, and `size` characters
        of data, but at least one."""
        ...

    def position(self) -> tuple[int, str]:
        """Number and hash of the last report that the control plane has."""
        ...

    def confirm(self, through: int) -> None:
        """Forget what the control plane has; the chain goes on from there."""
        ...

    def known(self, through: int, hash: str) -> bool:
        """Whether this is a position in our chain."""
        ...

    def rebase(self, through: int, hash: str) -> int:
        """Number what waits anew, from another position on; returns how many wait."""
        ...

    def leave_out(self, seq: int) -> None:
        """Forget one that was numbered and can never be sent; what follows is numbered anew."""
        ...

    def cut(self, before: datetime) -> int:
        """Forget what has waited since before that; returns how many that was."""
        ...

    def size(self) -> int: ...

    def oldest(self) -> datetime | None: ...


class Orders(Protocol):
    """The agent's side: commands that were taken, each carried out once."""

    def take(self, commands: Collection[Command], through: int) -> int:
        """Store those that are not there yet, and that all up to `through` were seen; returns how many are new."""
        ...

    def open(self, kinds: Collection[CommandKind]) -> Command | None:
        """The oldest of some kinds that is not carried out yet."""
        ...

    def done(self, seq: int, answer: Mapping[str, Any] | None = None) -> None:
        """It was carried out; an answer waits for being told."""
        ...

    def answers(self) -> tuple[Command, ...]:
        """Answered ones whose answer was not told yet."""
        ...

    def told(self, seq: int) -> None: ...

    def restart(self) -> None:
        """Forget everything: another agent's numbers mean nothing."""
        ...

    def last(self) -> int:
        """The highest number seen; 0 where there is none."""
        ...


class Notes(Protocol):
    """The agent's side: small things to remember."""

    def get(self, name: str) -> Any: ...

    def put(self, name: str, value: Any) -> None: ...
