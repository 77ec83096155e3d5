"""What the push-against-pull comparison is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.drift import Episode
from app.domain.environment import Environment
from app.domain.operation import Outcome, Phase, Trigger


@dataclass(frozen=True, slots=True)
class DeliveryFact:
    """One finished sync as the comparison needs it. Times are UTC; None where a stage was not reached."""

    operation: str
    environment: str
    mode: str
    trigger: Trigger
    phase: Phase
    outcome: Outcome | None
    revision: str | None
    created_at: datetime
    finished_at: datetime | None
    committed_at: datetime | None
    visible_after: datetime | None
    visible_at: datetime | None
    noticed_at: datetime | None
    fetched_at: datetime | None
    planned_at: datetime | None
    applied_at: datetime | None
    healthy_at: datetime | None
    webhook_missed: bool
    initiated_by: str = ""


@dataclass(frozen=True, slots=True)
class CommitFact:
    """A commit that one environment was told about in another way than by a delivery. `by`: what superseded it."""

    environment: str
    mode: str
    revision: str
    at: datetime
    committed_at: datetime | None = None
    by: str | None = None


class Facts(Protocol):
    """What the comparison is computed from. Labels narrow to environments that carry all of them."""

    def deliveries(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[DeliveryFact, ...]:
        """Syncs whose finished_at lies in [since, until), oldest first."""
        ...

    def episodes(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[Episode, ...]: ...

    def environments(self, labels: Mapping[str, str]) -> tuple[Environment, ...]: ...

    def decisions(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> Mapping[tuple[str, str], int]:
        """{(mode, outcome): number} of recorded decisions."""
        ...

    def audited(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> Mapping[str, int]:
        """{mode: number of the syncs of `deliveries` that have an audit entry naming who started them}."""
        ...

    def superseded(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        """Commits that a poll passed over for a newer one: `decision` events with the outcome "superseded" and a
        `revision` in their data (`by`, `committed_at` from there too)."""
        ...

    def missed(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        """Commits whose webhook never came: `webhook.missed` events, with the `revision` in their data."""
        ...

    def first_live(self, labels: Mapping[str, str]) -> Mapping[str, datetime]:
        """{environment: when a revision first went live there, ever}; environments without one are left out."""
        ...

    def polls(self, since: datetime) -> Mapping[str, int]:
        """{result: number of polls}."""
        ...

    def webhooks(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """{state or "missed": number}."""
        ...
