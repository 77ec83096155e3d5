"""All repositories over one database transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from app.domain.agent import ReportKind
from app.ports.agents import Agents, Notes, Orders, Outbox
from app.ports.facts import Facts
from app.ports.identity import Credentials, Identities
from app.ports.intake import Inbox, Repositories
from app.ports.ledger import Audit, DriftItems, Episodes, Ledger
from app.ports.operations import History, Operations
from app.ports.registry import Environments


class Transaction(Protocol):
    """All repositories over one database transaction."""

    @property
    def environments(self) -> Environments: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def history(self) -> History: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def episodes(self) -> Episodes: ...
    @property
    def drift(self) -> DriftItems: ...
    @property
    def repositories(self) -> Repositories: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def agents(self) -> Agents: ...

    def attempt(self) -> AbstractContextManager[None]:
        """A part of the transaction that can fail alone: on an exception what was written inside is undone."""
        ...


class Store(Protocol):
    """Opens short transactions. No I/O but the database's own happens inside one."""

    def read(self) -> AbstractContextManager[Transaction]: ...

    def write(self) -> AbstractContextManager[Transaction]:
        """Commits at the end, rolls back on an exception. On SQLite the write lock is taken at the start."""
        ...


class AgentTransaction(Transaction, Protocol):
    """A transaction over an agent's own store."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def notes(self) -> Notes: ...

    def tell(self, environment: int, kind: ReportKind, data: Any) -> None:
        """Report what no use case writes by itself; nothing where nothing is reported."""
        ...


class AgentStore(Protocol):
    """An agent's own store: what its use cases write is reported, in the same transaction."""

    def read(self) -> AbstractContextManager[AgentTransaction]: ...

    def write(self) -> AbstractContextManager[AgentTransaction]: ...

    def unreported(self) -> AbstractContextManager[AgentTransaction]:
        """Write what the control plane told us: it need not be told back."""
        ...
