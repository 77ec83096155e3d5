"""What a system tells of one delivery, or of how an environment stands, whatever it was sent as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.status import Divergence, Health, SyncStatus


class DeliveryStep(StrEnum):
    """How far a delivery is. `rolled_back`: it ended well, and went back."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an environment stands, where the system says so."""

    sync: SyncStatus = SyncStatus.UNKNOWN
    health: Health = Health.UNKNOWN
    divergence: Divergence | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One telling. Times are the system's own, UTC; what it does not tell is None or "".

    `at`: when what is told was so; `step`: of the delivery of `revision`, None where only the standing is told;
    `id`: what the system calls the delivery; `of`: what it calls the environment; `url`, `actor`, `reason`: where to
    look at it there, who began it, and why it ended so."""

    at: datetime
    step: DeliveryStep | None = None
    revision: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    healthy_at: datetime | None = None
    id: str = ""
    of: str = ""
    url: str = ""
    actor: str = ""
    reason: str = ""
    standing: Standing | None = None

    @property
    def ended_at(self) -> datetime:
        """When the delivery ended, for one that has."""
        return self.finished_at or self.at

    def same_delivery(self, other: Told) -> bool:
        """Whether both tell of one delivery: that of one id, or without ids of one revision."""
        return self.id == other.id if self.id or other.id else self.revision == other.revision
