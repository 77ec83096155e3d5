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


class Facts(Protocol):
    """What the comparison is computed from."""

    def deliveries(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[DeliveryFact, ...]: ...

    def episodes(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[Episode, ...]: ...

    def environments(self, labels: Mapping[str, str]) -> tuple[Environment, ...]: ...

    def decisions(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> Mapping[tuple[str, str], int]:
        """{(mode, outcome): number} of recorded decisions."""
        ...

    def audited(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """{mode: number of finished syncs that have an audit entry naming who started them}."""
        ...

    def polls(self, since: datetime) -> Mapping[str, int]:
        """{result: number of polls}."""
        ...

    def webhooks(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """{state or "missed": number}."""
        ...
