"""What a figure was computed from, one by one. The figure is made of these, so their list cannot disagree with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.comparison.delivery_facts import CommitFact, DeliveryFact
from app.domain.environment import Environment
from app.domain.state.drift import Episode

Thing = DeliveryFact | CommitFact | Episode | Environment


class Counted(NamedTuple):
    """One thing that a cell counted. `value`: in the row's unit; of a share 1 where the figure counts it, otherwise 0.
    `also`: deliveries that belong to it; `note`: what else there is to say, such as why a commit was passed over."""

    value: float
    of: Thing
    also: tuple[DeliveryFact, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A counted thing as it is listed. `kind` and `id`: "operation" with its id, "episode" with its number, "commit"
    with its revision, "environment" with its name. `at`: UTC, when it ended, was found, or was registered."""

    kind: str
    id: str
    environment: str
    revision: str
    at: datetime | None
    value: float
    operations: tuple[str, ...] = ()
    note: str = ""


def listed_as(counted: Counted) -> EvidenceRow:
    """A counted thing as a row."""
    of, value, note = counted.of, float(counted.value), counted.note
    also = tuple(fact.operation for fact in counted.also)
    if isinstance(of, DeliveryFact):
        told, at = note or _how(of), of.finished_at or of.created_at
        return EvidenceRow(
            "operation", of.operation, of.environment, of.revision or "", at, value, (of.operation, *also), told
        )
    if isinstance(of, CommitFact):
        own = (of.operation,) if of.operation else ()
        return EvidenceRow("commit", of.revision, of.environment, of.revision, of.at, value, own + also, note)
    if isinstance(of, Episode):
        return EvidenceRow("episode", str(of.id), of.environment, of.revision or "", of.detected_at, value, also, note)
    return EvidenceRow("environment", of.name, of.name, "", of.created_at, value, also, note)


def _how(fact: DeliveryFact) -> str:
    outcome = fact.outcome.value if fact.outcome else fact.phase.value
    return f"{outcome.replace('_', ' ')}, by {fact.trigger.value.replace('_', '-')}"
