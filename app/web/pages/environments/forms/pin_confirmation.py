"""Confirmation of pinned values (host keys): the form shows their fingerprints, and saves them only when confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.environment import TargetSpec
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import Pin, Section
from app.web.requests.visit import Visit


def fingerprints(visit: Visit, found: TargetSpec, pin: Pin) -> str:
    """The fingerprints of a target's pinned values, and what to compare them with."""
    facts = visit.queries.targets.facts(visit.who, found)
    return " ".join([*(f"{fact.title}: {fact.text}." for fact in facts if fact.pinned), pin.compare])


def unconfirmed(kinds: KindCatalogue, typed: Mapping[str, str], before: TargetSpec | None) -> Pin | None:
    """The pin that nobody has confirmed yet: its value is missing, or was pinned for another address; None if there
    is none."""
    kind = kinds.get(typed["target.kind"])
    known = before.options if before and before.kind == typed["target.kind"] else {}
    for section in kind.sections() if kind else ():
        for field in section.fields:
            if field.pin and _unseen(typed, section, field.name, field.pin, section.options(known)):
                return field.pin
    return None


def _unseen(typed: Mapping[str, str], section: Section, name: str, pin: Pin, known: Mapping[str, Any]) -> bool:
    value = typed[f"{section.place}.{name}"]
    moved = any(str(known.get(one, "")) != typed[f"{section.place}.{one}"] for one in pin.of)
    given = typed[f"{section.place}.{pin.of[0]}"]
    return bool(given) and (not value or (moved and value == known.get(name)))
