"""What a figure was computed from, one by one. The figure is made of these, so their list cannot disagree with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from app.comparison.delivery_facts import CommitFact, DeliveryFact
from app.domain.environment import Environment
from app.domain.state.drift import Episode

Thing = DeliveryFact | CommitFact | Episode | Environment


class Counted(NamedTuple):
    """One thing that a cell counted. `value`: in the row's unit; of a share 1 where the figure counts it, otherwise 0.
    `also`: deliveries that belong to it; `note`: what else there is to say, such as why a commit was passed over;
    `ended`: whether a duration is over, otherwise `value` is the time so far; `since` and `until`: between which two
    moments it lies (UTC)."""

    value: float
    of: Thing
    also: tuple[DeliveryFact, ...] = ()
    note: str = ""
    ended: bool = True
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def lasting(
        cls, since: datetime, until: datetime, of: Thing, *, also: tuple[DeliveryFact, ...] = (), note: str = "",
        ended: bool = True,
    ) -> Self:  # fmt: skip
        """A duration, in seconds; one that would end before it began has none."""
        return cls(max(0.0, (until - since).total_seconds()), of, also, note, ended, since, until)

    @property
    def place(self) -> str:
        """The environment in which it happened; "" where a commit went to several."""
        return self.of.name if isinstance(self.of, Environment) else self.of.environment

    @property
    def environments(self) -> frozenset[str]:
        """Where it happened: in one environment, or in all that a commit went to."""
        return frozenset([self.place]) if self.place else frozenset(fact.environment for fact in self.also)

    @property
    def at(self) -> datetime | None:
        """When it ended, was found, or was registered (UTC)."""
        of = self.of
        if isinstance(of, DeliveryFact):
            return of.finished_at or of.created_at
        if isinstance(of, CommitFact):
            return of.at
        return of.detected_at if isinstance(of, Episode) else of.created_at


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A counted thing as it is listed. `kind` and `id`: "operation" with its id, "episode" with its number, "commit"
    with its revision, "environment" with its name. `at`: UTC, when it ended, was found, or was registered; `ended`:
    whether a duration is over, otherwise `value` is the time until the comparison's end; `since` and `until`: between
    which two moments a duration lies."""

    kind: str
    id: str
    environment: str
    revision: str
    at: datetime | None
    value: float
    operations: tuple[str, ...] = ()
    note: str = ""
    ended: bool = True
    since: datetime | None = None
    until: datetime | None = None


def listed_as(counted: Counted) -> EvidenceRow:
    """A counted thing as a row."""
    return replace(_listed(counted), ended=counted.ended, since=counted.since, until=counted.until)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a rate is over or of: `amount` of it, at a place (an environment's name, a repository's address)."""

    place: str
    amount: float
    since: datetime | None = None
    until: datetime | None = None


def _listed(counted: Counted) -> EvidenceRow:
    of, value, note, at = counted.of, float(counted.value), counted.note, counted.at
    also = tuple(fact.operation for fact in counted.also)
    if isinstance(of, DeliveryFact):
        return EvidenceRow(
            "operation", of.operation, of.environment, of.revision or "", at, value, (of.operation, *also),
            note or _how(of),
        )  # fmt: skip
    if isinstance(of, CommitFact):
        own = (of.operation,) if of.operation else ()
        return EvidenceRow("commit", of.revision, of.environment, of.revision, at, value, own + also, note)
    if isinstance(of, Episode):
        return EvidenceRow("episode", str(of.id), of.environment, of.revision or "", at, value, also, note)
    return EvidenceRow("environment", of.name, of.name, "", at, value, also, note)


def _how(fact: DeliveryFact) -> str:
    outcome = fact.outcome.value if fact.outcome else fact.phase.value
    return f"{outcome.replace('_', ' ')}, by {fact.trigger.value.replace('_', '-')}"
