"""Runs, and which revisions were live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.agents.wire import WIRE_NAME
from app.domain.operation import Lease, Operation
from app.domain.revision import Revision
from app.ports.storage.pages import Page


@dataclass(frozen=True, slots=True)
class OperationFilter:
    """What `GET /operations` may be narrowed by."""

    environment: str = ""
    environment_id: int | None = None
    phase: str = ""
    trigger: str = ""
    kind: str = ""
    outcome: str = ""
    revision: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A revision that was live, or was tried. `good`: live and healthy at the end; `bad`: marked bad by a person,
    a rollback or a failed health check; `current`: live now."""

    revision: str
    subject: str
    author: str
    committed_at: datetime | None
    live_at: datetime | None
    left_at: datetime | None
    outcome: str
    initiated_by: str
    trigger: str
    operation: str
    state: str = field(metadata={WIRE_NAME: "tree"})
    good: bool
    bad: bool
    bad_reason: str
    current: bool


@dataclass(frozen=True, slots=True)
class BadRevision:
    """A revision that is not deployed by itself."""

    revision: str
    reason: str = ""
    by: str = ""
    at: datetime | None = None


class Operations(Protocol):
    """The runs, as they are recorded for good; who works on which is the business of the port WorkQueue."""

    def add(self, operation: Operation) -> None:
        """Store a new operation; its id must be new."""
        ...

    def get(self, id: str) -> Operation:
        """One operation. Raises OperationNotFound."""
        ...

    def lease(self, id: str) -> Lease:
        """Who works on an operation. Raises OperationNotFound."""
        ...

    def save(self, operation: Operation) -> None:
        """Write all fields of an existing operation."""
        ...

    def remove(self, id: str) -> None:
        """Forget an operation that found nothing worth telling (a scheduled refresh without news)."""
        ...

    def progress(self, id: str, done: int, total: int) -> None:
        """Note how many of `total` items a running operation has carried out."""
        ...

    def queued(self, environment_id: int) -> tuple[Operation, ...]:
        """The environment's operations in phase queued, oldest first."""
        ...

    def active(self, environment_id: int) -> Operation | None:
        """The running one, or else the first queued."""
        ...

    def active_counts(self) -> Mapping[str, int]:
        """{"queued": number, "running": number} over all environments."""
        ...

    def page(self, where: OperationFilter, limit: int, after: str | None) -> Page[Operation]:
        """Operations that fit the filter, newest first; `after` is the id to continue below."""
        ...

    def last_finished(self, environment_id: int, kind: str) -> Operation | None:
        """The newest operation of a kind ("sync" or "refresh") that is in a final phase; None where there is none."""
        ...


class History(Protocol):
    """Which revisions were live in an environment, from when to when."""

    def went_live(self, operation: Operation, revision: Revision, state: str, at: datetime) -> None:
        """The revision became live (also again, after a rollback); closes the one before."""
        ...

    def mark_good(self, environment_id: int, revision: str, at: datetime) -> None:
        """Mark the revision's latest stretch of being live as good: it was live and healthy."""
        ...

    def mark_bad(self, environment_id: int, revision: str, reason: str, by: str, at: datetime) -> None:
        """Mark a revision bad; automation does not deploy it again. A second mark replaces reason, actor and time."""
        ...

    def unmark_bad(self, environment_id: int, revision: str) -> None:
        """Take a revision's mark away; an unmarked one is no error."""
        ...

    def bad(self, environment_id: int, limit: int = 200) -> tuple[BadRevision, ...]:
        """The marked ones, newest marks first."""
        ...

    def is_bad(self, environment_id: int, revision: str) -> bool:
        """Whether the revision is marked bad in this environment."""
        ...

    def page(self, environment_id: int, limit: int, after: str | None) -> Page[HistoryItem]:
        """Newest first, one item per stretch of being live."""
        ...

    def find(self, environment_id: int, revision: str) -> HistoryItem | None:
        """The latest item of a revision given in full or by an unambiguous prefix of at least 4 characters."""
        ...

    def load(self, environment_id: int, items: Sequence[HistoryItem], bad_ones: Sequence[BadRevision]) -> None:
        """Replace an environment's history by another installation's; oldest first."""
        ...

    def last_good(self, environment_id: int, other_than: str | None) -> HistoryItem | None:
        """The latest good, not bad revision other than the given one."""
        ...
