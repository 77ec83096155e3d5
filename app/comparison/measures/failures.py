"""Which deployments failed: one definition for the failure rate, the recovery time and the rework rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.comparison.delivery_facts import DeliveryFact
from app.comparison.evidence import Evidence, deployed
from app.domain.operation import Outcome, Phase, Trigger

REWORK_WITHIN = timedelta(minutes=60)
DEFINITION = (
    "A deployment is a sync that brought a revision to the target going forward. It failed where it broke off at the "
    "target, left the environment unhealthy, or was rolled back."
)


@dataclass(slots=True)
class Failures:
    """What failed in one environment. `why`: {operation: how}; `spells`: from what broke it to what mended it, oldest
    first, the last may be open; `moments`: when a failure was known."""

    why: dict[str, str] = field(default_factory=dict)
    spells: list[tuple[DeliveryFact, DeliveryFact | None]] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)


def failures(evidence: Evidence, mode: str) -> Mapping[str, Failures]:
    """{environment: what failed there} while it ran in a mode."""
    syncs: dict[str, list[DeliveryFact]] = defaultdict(list)
    for fact in sorted(evidence.finished[mode], key=ended):
        syncs[fact.environment].append(fact)
    return {environment: _failures(facts) for environment, facts in syncs.items()}


def _failures(facts: Sequence[DeliveryFact]) -> Failures:
    found = Failures()
    broken: DeliveryFact | None = None
    standing: DeliveryFact | None = None
    for fact in facts:
        if failed(fact):
            found.moments.append(ended(fact))
            broken = broken or fact
            if is_deployment(fact):
                found.why[fact.operation] = "left unhealthy" if fact.applied_at else "broke off at the target"
        elif fact.phase is Phase.SUCCEEDED:
            back = fact.outcome is Outcome.ROLLED_BACK
            if back and not broken and standing:
                found.why[standing.operation] = "rolled back"
                found.moments.append(fact.created_at)
                broken = standing
            if broken:
                found.spells.append((broken, fact))
                broken = None
            standing = None if back else fact if deployed(fact) else standing
    found.spells += [(broken, None)] if broken else []
    return found


def failed(fact: DeliveryFact) -> bool:
    """Whether a sync broke off at the target, or left a revision live but unhealthy."""
    return fact.phase is Phase.FAILED and fact.outcome is Outcome.FAILED


def is_deployment(fact: DeliveryFact) -> bool:
    """Whether a sync brought a revision to the target going forward, well or not."""
    return deployed(fact) or (failed(fact) and fact.trigger not in (Trigger.ROLLBACK, Trigger.SELF_HEAL))


def deployments(evidence: Evidence, mode: str) -> list[DeliveryFact]:
    """All of a mode, oldest first."""
    return [fact for fact in evidence.finished[mode] if is_deployment(fact)]


def rework(fact: DeliveryFact, moments: Iterable[datetime]) -> str:
    """Why a deployment or rollback was not planned; "" where it was. `moments`: when failures were known there."""
    if fact.trigger is Trigger.ROLLBACK:
        return "a rollback"
    if fact.subject.startswith('Revert "'):
        return "brought a revert"
    if any(timedelta(0) <= fact.created_at - moment <= REWORK_WITHIN for moment in moments):
        return "followed a failure"
    return ""


def ended(fact: DeliveryFact) -> datetime:
    """When a sync ended."""
    return fact.finished_at or fact.created_at
