"""What one sync, and one commit without a sync, contribute to the comparison of push and pull."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from app.domain.actor import Actor, ActorKind
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
    noticed_at: datetime | None
    fetched_at: datetime | None
    planned_at: datetime | None
    applied_at: datetime | None
    healthy_at: datetime | None
    webhook_missed: bool
    initiated_by: str = ""
    rendered_at: datetime | None = None
    pushed_at: datetime | None = None  # as the provider says
    subject: str = ""

    @property
    def told_by(self) -> str:
        """The system that made the delivery and told us of it; "" where we made it."""
        return _system(self.initiated_by)


@lru_cache(maxsize=1024)  # few start all the deliveries of a comparison, and each measure asks
def _system(initiated_by: str) -> str:
    found = Actor.parse(initiated_by)
    return found.name if found.kind is ActorKind.EXTERNAL else ""


@dataclass(frozen=True, slots=True)
class CommitFact:
    """A commit that one environment was told about in another way than by a delivery. `by`: what superseded it;
    `operation`: the delivery that made way for it, if there was one; `seen`: Git's ref pointed at
    it when somebody looked; `noticed_by`: who looked."""

    environment: str
    mode: str
    revision: str
    at: datetime
    committed_at: datetime | None = None
    by: str | None = None
    operation: str = ""
    seen: bool = False
    noticed_at: datetime | None = None
    visible_after: datetime | None = None
    pushed_at: datetime | None = None
    noticed_by: str = ""


@dataclass(frozen=True, slots=True)
class PollFact:
    """Polls of one repository with one credential ("": none) and the same result, `times` of them."""

    repo_url: str
    credential: str
    first_at: datetime
    last_at: datetime
    times: int
    result: str
