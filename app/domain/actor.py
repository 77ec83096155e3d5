"""Who acts: a person, a token, or a part of PushPull itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and from where. `name` is "user:NAME", "token:NAME" or "system:PART"."""

    name: str
    ip: str | None = None


SCHEDULE = Actor("system:schedule")
SELF_HEAL = Actor("system:self-heal")
AUTO_ROLLBACK = Actor("system:auto-rollback")
AGENT = Actor("system:agent")
RECOVERY = Actor("system:recovery")
WEBHOOK = Actor("system:webhook")
