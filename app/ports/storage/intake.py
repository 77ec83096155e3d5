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
    """What is known of a repository's remote: its refs as last seen, and when it was looked at."""

    repo_url: str
    heads: Mapping[str, str] = field(default_factory=dict)
    looked_at: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""


class Repositories(Protocol):
    """The memory of the poll."""

    def get(self, repo_url: str) -> RepositoryState | None:
        """What is known of a repository's remote; None where it was never looked at."""
        ...

    def put(self, watched: RepositoryState) -> None:
        """Replace what is known of a repository's remote."""
        ...

    def polled(self, repo_url: str, at: datetime, result: str, detail: str = "") -> None:
        """Record a poll; equal results in a row extend one Poll."""
        ...

    def polls(self, repo_url: str, limit: int = 20) -> tuple[Poll, ...]:
        """The latest runs of polls of a repository, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored webhook delivery. `state`: "received", "waiting" (its commit is not visible yet), "handled",
    "failed". `announced` maps refs to the SHAs that it announces; `decision` says what it ended in."""

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


class Inbox(Protocol):
    """Webhook deliveries, stored before they are acted on, once each."""

    def put(self, delivery: Delivery) -> tuple[Delivery, bool]:
        """Store it unless (provider, hook, delivery_id) is there already; the flag says that it is new."""
        ...

    def save(self, delivery: Delivery) -> None:
        """Write state, attempts, next_at and decision."""
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

    def in_use(self, hooks: Collection[str]) -> bool:
        """Whether any delivery was ever accepted for one of these hooks."""
        ...
