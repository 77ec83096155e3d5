"""Noticed commits: each is noticed once in an environment, whoever looked, and has one end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.operation import Operation, OperationKind, Outcome, Phase, Trigger


class Noticer(StrEnum):
    """Who saw a commit first as what an environment should have. `UNTOLD`: an older version did not write it down."""

    POLL = "poll"
    REFRESH = "refresh"
    WEBHOOK = "webhook"
    PIPELINE = "pipeline"
    PERSON = "person"
    AGENT = "agent"
    EXTERNAL = "external"  # another system, which delivered it
    UNTOLD = ""


class CommitEnd(StrEnum):
    """What became of a noticed commit. `UNKNOWN`: an older version did not write it down."""

    DEPLOYED = "deployed"
    NO_OP = "no_op"  # it was live already
    FILTERED = "filtered"  # it changes nothing of what the environment delivers
    OBSERVED = "observed"  # a shadow said what it would have done
    SUPERSEDED = "superseded"  # a newer one took its place
    HELD = "held"  # automation was on hold, or the commit is marked bad
    REFUSED = "refused"  # a rule, the target, or a person stood in the way
    FAILED = "failed"  # its delivery failed, could not run, was stopped, or left the environment unwell
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """How much came of the commit; an end gives way to one of a higher rank, and never to one of a lower."""
        return _RANKS.get(self, 3)


_RANKS = {
    CommitEnd.UNKNOWN: 0, CommitEnd.SUPERSEDED: 1, CommitEnd.HELD: 2, CommitEnd.REFUSED: 2, CommitEnd.FAILED: 2,
}  # fmt: skip
_ENDS = {
    Outcome.DEPLOYED: CommitEnd.DEPLOYED,
    Outcome.ROLLED_BACK: CommitEnd.DEPLOYED,
    Outcome.HEALED: CommitEnd.NO_OP,
    Outcome.NO_OP: CommitEnd.NO_OP,
    Outcome.FILTERED: CommitEnd.FILTERED,
    Outcome.OBSERVED: CommitEnd.OBSERVED,
    Outcome.SUPERSEDED: CommitEnd.SUPERSEDED,
    Outcome.HELD: CommitEnd.HELD,
    Outcome.REFUSED: CommitEnd.REFUSED,
    Outcome.FAILED: CommitEnd.FAILED,
}
_NOTICERS = {
    Trigger.PIPELINE: Noticer.PIPELINE,
    Trigger.WEBHOOK: Noticer.WEBHOOK,
    Trigger.SCHEDULE: Noticer.POLL,
    Trigger.SELF_HEAL: Noticer.POLL,
    Trigger.AGENT: Noticer.AGENT,
    Trigger.MANUAL: Noticer.PERSON,
    Trigger.ROLLBACK: Noticer.PERSON,
    Trigger.EXTERNAL: Noticer.EXTERNAL,
}
TOLD_AS = {Noticer.PIPELINE: Trigger.PIPELINE, Noticer.WEBHOOK: Trigger.WEBHOOK, Noticer.PERSON: Trigger.MANUAL}


@dataclass(frozen=True, slots=True)
class Noticing:
    """That a commit was noticed in an environment, and what became of it. There is one for each of them.

    `seen`: it was what Git's ref pointed at, or what was asked for, at a look; otherwise it lay between two heads and
    nobody ever saw it at the top. `noticed_at`: the first look that showed it, or a newer one; `visible_after`: the
    last look before that. `committed_at`: by its own account, None where that cannot be; `pushed_at`: when it was
    pushed, as the provider says. `ending` is None while the commit is what the environment should have and has not,
    or is being delivered. `operation`: the one that brought the end; `superseded_by`: the commit that took its place.
    `observe`: the environment was a shadow.
    """

    environment_id: int
    environment: str
    mode: str
    revision: str
    noticed_at: datetime
    noticed_by: Noticer = Noticer.UNTOLD
    seen: bool = True
    observe: bool = False
    committed_at: datetime | None = None
    visible_after: datetime | None = None
    pushed_at: datetime | None = None
    ending: CommitEnd | None = None
    ended_at: datetime | None = None
    operation: str = ""
    superseded_by: str | None = None
    id: int = 0

    def ended(
        self, ending: CommitEnd, at: datetime, operation: str = "", superseded_by: str | None = None
    ) -> Noticing | None:
        """The noticing with that end; None where the one that it has says as much or more."""
        if self.ending is not None and (ending is self.ending or ending.rank < self.ending.rank or self.settled):
            return None
        return replace(self, ending=ending, ended_at=at, operation=operation, superseded_by=superseded_by)

    @property
    def settled(self) -> bool:
        """Whether nothing more can come of the commit."""
        return self.ending is not None and self.ending.rank == CommitEnd.DEPLOYED.rank


def end_of(ended: Operation) -> CommitEnd | None:
    """What a sync that ended means for its commit; None for a refresh."""
    if ended.kind is OperationKind.REFRESH:
        return None
    if ended.outcome is not None and ended.outcome in _ENDS:
        return _ENDS[ended.outcome]
    return CommitEnd.SUPERSEDED if ended.phase is Phase.SUPERSEDED else CommitEnd.FAILED


def noticer(operation: Operation) -> Noticer:
    """Who noticed what an operation found in Git."""
    return Noticer.REFRESH if operation.kind is OperationKind.REFRESH else _NOTICERS[operation.trigger]
