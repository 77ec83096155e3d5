"""An agent's own store: the use cases' one, with what it tells the control plane and what it was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from app.domain.agents.protocol import Command, CommandKind, Report, ReportKind
from app.ports.storage.store import Transaction


class Outbox(Protocol):
    """The agent's side: reports that wait for the control plane, on disk in the transaction of what they tell.

    A report is given its number and hash when it is about to be sent for the first time, and never changes from then
    on. One with a `key` takes the place of an unnumbered one with the same key: the newer one holds all of it.
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
        """Append a report of an environment (0: of none). `mono_s`: seconds since `boot`, suspended ones included;
        `key`: see the class."""
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

    def size(self) -> int:
        """How many reports wait for the control plane."""
        ...

    def oldest(self) -> datetime | None:
        """When the oldest report that waits was made (UTC, the agent's clock); None where none waits."""
        ...


class CommandInbox(Protocol):
    """The agent's side: commands that were taken, each carried out once."""

    def take(self, commands: Collection[Command], through: int) -> int:
        """Store those that are not there yet, and that all up to `through` were seen; returns how many are new."""
        ...

    def open(self, kinds: Collection[CommandKind]) -> Command | None:
        """The oldest command of some kinds that is not carried out yet."""
        ...

    def done(self, seq: int, answer: Mapping[str, Any] | None = None) -> None:
        """Note that the command was carried out; its answer, if any, waits to be sent."""
        ...

    def answers(self) -> tuple[Command, ...]:
        """Commands whose answer the control plane has not received yet."""
        ...

    def answer_sent(self, seq: int) -> None:
        """The control plane has the command's answer."""
        ...

    def restart(self) -> None:
        """Forget everything: another agent's numbers mean nothing."""
        ...

    def last(self) -> int:
        """The highest number seen; 0 where there is none."""
        ...


class AgentState(Protocol):
    """The agent's side: small things to remember."""

    def get(self, name: str) -> Any:
        """What was put under a name, as JSON gave it back; None where nothing was."""
        ...

    def put(self, name: str, value: Any) -> None:
        """Remember a value (anything that JSON can say) under a name."""
        ...


class AgentTransaction(Transaction, Protocol):
    """A transaction over an agent's own store."""

    @property
    def outbox(self) -> Outbox:
        """Reports that wait for the control plane."""
        ...

    @property
    def command_inbox(self) -> CommandInbox:
        """Commands that were taken from the control plane."""
        ...

    @property
    def notes(self) -> AgentState:
        """What the agent remembers between its starts."""
        ...

    def report(self, environment: int, kind: ReportKind, data: Any) -> None:
        """Queue a report explicitly. A no-op on a store that does not report."""
        ...


class AgentStore(Protocol):
    """An agent's own store: what its use cases write is reported, in the same transaction."""

    def read(self) -> AbstractContextManager[AgentTransaction]:
        """A consistent view; nothing is written."""
        ...

    def write(self) -> AbstractContextManager[AgentTransaction]:
        """One transaction: what is written in it is put into the outbox as well, or nothing of both."""
        ...

    def unreported(self) -> AbstractContextManager[AgentTransaction]:
        """Write what the control plane told us: it need not be told back."""
        ...
