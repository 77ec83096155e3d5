"""Decisions that lead to no operation: held, superseded, filtered, refused, nudged, waiting, each with its reason."""

from __future__ import annotations

from typing import Any

from app.domain.environment import Environment
from app.domain.events import EventType, NewEvent
from app.domain.operation import Outcome


def shadowed(environment: Environment) -> dict[str, bool]:
    """What marks an event of a shadow, so that it is not counted as something that happened to a delivery."""
    return {"observe": True} if environment.policy.observe else {}


def decision(environment: Environment, outcome: Outcome, trigger: str, reason: str, **data: Any) -> NewEvent:
    """The ledger's entry for a decision about one environment."""
    facts = {
        "outcome": outcome.value,
        "mode": environment.mode.value,
        "trigger": trigger,
        **shadowed(environment),
        **data,
    }
    return NewEvent(EventType.DECISION, environment.name, environment.id, None, reason, facts)
