"""Decisions that lead to no operation: held, superseded, filtered, refused, nudged, waiting, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.domain.environment import Environment
from app.domain.events import NewEvent, about
from app.domain.events.operation_events import Decision
from app.domain.operation import Outcome


def decision(environment: Environment, outcome: Outcome, trigger: str, why: str, **details: Any) -> NewEvent:
    """The ledger's entry for a decision about one environment; `details`: further fields of a Decision."""
    made = Decision(outcome.value, environment.mode.value, trigger, observe=environment.policy.observe, why=why)
    return about(environment, replace(made, **details))
