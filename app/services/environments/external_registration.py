"""Registering what others deliver: their system must be known, and its way of delivering is the usual mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.environment import Environment, ExternalSpec
from app.domain.errors import InvalidInput
from app.domain.external import SYSTEMS


def in_usual_mode(values: Any) -> Any:
    """A specification with the mode in which its system delivers, where it names none."""
    spec = values.get("external") if isinstance(values, Mapping) else None
    name = spec.get("system") if isinstance(spec, Mapping) else None
    system = SYSTEMS.get(name) if isinstance(name, str) else None
    return values if system is None or values.get("mode") else {**values, "mode": system.mode.value}


def check_system(spec: ExternalSpec) -> None:
    """Raise InvalidInput where there is no such system."""
    if spec.system and spec.system not in SYSTEMS:
        raise InvalidInput(fields={"external.system": f"must be one of {', '.join(SYSTEMS)}"})


def refuse_other_hands(before: Environment, after: Environment) -> None:
    """Raise InvalidInput where an edit would put what others deliver into our hands, or the other way round."""
    if before.external or after.external:
        raise InvalidInput(fields={"runs_on": "cannot be changed to or from external; register another environment"})
