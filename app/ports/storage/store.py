"""All repositories over one database transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from app.ports.storage.agents import Agents
from app.ports.storage.comparison_facts import ComparisonFacts
from app.ports.storage.environments import Environments
from app.ports.storage.identity import Credentials, Identities
from app.ports.storage.intake import Inbox, Repositories
from app.ports.storage.ledger import Audit, DriftItems, Episodes, Ledger
from app.ports.storage.operations import History, Operations
from app.ports.work_queue import WorkQueue


class Transaction(Protocol):
    """All repositories over one database transaction."""

    @property
    def environments(self) -> Environments: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def queue(self) -> WorkQueue: ...
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
    def facts(self) -> ComparisonFacts: ...
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
