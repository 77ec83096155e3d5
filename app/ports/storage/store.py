"""All repositories over one database transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from app.ports.storage.agents import Agents
from app.ports.storage.comparison_facts import ComparisonFacts
from app.ports.storage.environments import Environments
from app.ports.storage.experiment_store import ExperimentStore
from app.ports.storage.identities import Credentials, Identities
from app.ports.storage.intake import HookSecrets, Inbox, Repositories
from app.ports.storage.ledger import Audit, DriftItems, Episodes, Ledger
from app.ports.storage.noticings import Noticings
from app.ports.storage.operations import History, Operations
from app.ports.storage.request_keys import RequestKeyStore
from app.ports.work_queue import WorkQueue


class Transaction(Protocol):
    """All repositories over one database transaction."""

    @property
    def environments(self) -> Environments:
        """The registry of environments, with status and hold."""
        ...

    @property
    def operations(self) -> Operations:
        """The operations, as they are recorded."""
        ...

    @property
    def queue(self) -> WorkQueue:
        """Which operation is worked on next."""
        ...

    @property
    def history(self) -> History:
        """Which revisions were live, and which are bad."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The events, appended only."""
        ...

    @property
    def audit(self) -> Audit:
        """The audit log, hash-chained."""
        ...

    @property
    def noticings(self) -> Noticings:
        """Which commits were noticed, and what became of each."""
        ...

    @property
    def episodes(self) -> Episodes:
        """The drift episodes, open and ended."""
        ...

    @property
    def drift(self) -> DriftItems:
        """Each environment's last drift report."""
        ...

    @property
    def repositories(self) -> Repositories:
        """What polls remember of repositories."""
        ...

    @property
    def inbox(self) -> Inbox:
        """Webhook deliveries, stored before they are acted on."""
        ...

    @property
    def hook_secrets(self) -> HookSecrets:
        """The secrets of webhooks, encrypted."""
        ...

    @property
    def credentials(self) -> Credentials:
        """Stored secrets, encrypted."""
        ...

    @property
    def identities(self) -> Identities:
        """People, their log-ins, and tokens."""
        ...

    @property
    def request_keys(self) -> RequestKeyStore:
        """Requests that were sent with an Idempotency-Key, and their answers."""
        ...

    @property
    def facts(self) -> ComparisonFacts:
        """What push and pull are compared by."""
        ...

    @property
    def agents(self) -> Agents:
        """Agents, and the commands on their way."""
        ...

    @property
    def experiments(self) -> ExperimentStore:
        """Twin experiments, and what was done in them."""
        ...

    def attempt(self) -> AbstractContextManager[None]:
        """A part of the transaction that can fail alone: on an exception what was written inside is undone."""
        ...


class Store(Protocol):
    """Opens short transactions. No I/O but the database's own happens inside one."""

    def read(self) -> AbstractContextManager[Transaction]:
        """A consistent view of the database; what is written in it is rolled back."""
        ...

    def write(self) -> AbstractContextManager[Transaction]:
        """Commits at the end, rolls back on an exception. On SQLite the write lock is taken at the start."""
        ...
