"""What comes in from outside: polls and webhook deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.ports.storage.pages import Page


@dataclass(frozen=True, slots=True)
class Poll:
    """A run of polls of one repository with the same result."""

    repo_url: str
    first_at: datetime
    last_at: datetime
    times: int
    result: str  # "unchanged", "moved", "unreachable", "refused"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """What is known of a repository's remote, as one credential (None: none) sees it: its refs as last seen,
    and when it was looked at."""

    repo_url: str
    credential: str | None = None
    heads: Mapping[str, str] = field(default_factory=dict)
    looked_at: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""


class Repositories(Protocol):
    """The memory of the poll."""

    def get(self, repo_url: str, credential: str | None) -> RepositoryState | None:
        """What is known of a repository's remote through a credential; None where it was never looked at so."""
        ...

    def put(self, watched: RepositoryState) -> None:
        """Replace what is known of a repository's remote."""
        ...

    def polled(self, watched: RepositoryState, at: datetime, result: str, detail: str = "") -> None:
        """Record a poll of a repository through a credential; equal results in a row extend one Poll."""
        ...

    def polls(self, repo_url: str, limit: int = 20) -> tuple[Poll, ...]:
        """The latest runs of polls of a repository, newest first."""
        ...


SETTLED, OPEN = "settled", "open"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored webhook delivery. `state`: "received", "waiting" (its commit is not visible yet), "handled",
    "failed". `announced` maps refs to the SHAs that it announces; `decision` says what it ended in; `done`: for the
    ids of environments for which it was acted on, the operation that came of it, or SETTLED, or OPEN (nothing did);
    `pushed_at`: when its commits were pushed, as the provider says."""

    id: int
    provider: str
    hook: str
    delivery_id: str
    received_at: datetime
    event: str
    announced: Mapping[str, str]
    state: str = "received"
    attempts: int = 0
    next_at: datetime | None = None
    decision: str = ""
    body: bytes = b""
    done: Mapping[int, str] = field(default_factory=dict)
    pushed_at: datetime | None = None


class Inbox(Protocol):
    """Webhook deliveries, stored before they are acted on, once each."""

    def put(self, delivery: Delivery) -> tuple[Delivery, bool]:
        """Store it unless (provider, hook, delivery_id) is there already; the flag says that it is new."""
        ...

    def save(self, delivery: Delivery) -> None:
        """Write state, attempts, next_at, decision and done."""
        ...

    def retire(self, hook: str, name: str) -> None:
        """The hook is gone: its deliveries are kept under a name that no hook has, and none is acted on any more."""
        ...

    def due(self, now: datetime, limit: int) -> tuple[Delivery, ...]:
        """Received ones, and waiting ones whose time has come."""
        ...

    def page(self, hook: str | None, limit: int, after: int | None) -> Page[Delivery]:
        """Deliveries to one hook, or to all with None, newest first; `after` is the id to continue below."""
        ...

    def brought(self, delivery: Delivery, sha: str) -> None:
        """Note which commit a delivery stands for, where that is another name than the one that it announced."""
        ...

    def announced(self, hooks: Collection[str], sha: str) -> bool:
        """Whether a delivery to one of these hooks announced the commit."""
        ...

    def pushed_at(self, hooks: Collection[str], sha: str) -> datetime | None:
        """When a commit was pushed, as the first delivery to one of these hooks that announced it says; None where
        none does."""
        ...

    def in_use(self, hooks: Collection[str]) -> bool:
        """Whether any delivery was ever accepted for one of these hooks."""
        ...


@dataclass(frozen=True, slots=True)
class HookSecret:
    """That a webhook has a secret. `environment_id`: whose hook it is; None for a repository's."""

    hook: str
    environment_id: int | None
    created_at: datetime
    created_by: str


class HookSecrets(Protocol):
    """The secrets of webhooks, encrypted; apart from credentials, and gone with their hooks."""

    def put(self, kept: HookSecret, secret: str) -> None:
        """Store a hook's secret in place of the one before."""
        ...

    def get(self, hook: str) -> HookSecret | None:
        """Whether a hook has a secret, and since when."""
        ...

    def secret(self, hook: str) -> str | None:
        """A hook's secret; None where it has none, or one that was stored with another key."""
        ...

    def remove(self, hook: str) -> bool:
        """Forget a hook's secret; whether there was one."""
        ...
