"""Everything a use case may reach, in one value that the composition root fills."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.environment import Environment, RunsOn
from app.ports import Bell, Checks, Clock, Sources, Store, Targets


@dataclass(frozen=True, slots=True)
class World:
    """The adapters behind the ports."""

    store: Store
    sources: Sources
    targets: Targets
    checks: Checks
    bell: Bell
    clock: Clock
    here: RunsOn = RunsOn.SERVER  # whose environments this process works for


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


def topics(environment: Environment) -> tuple[str, ...]:
    """Who is to hear that something was asked of an environment: workers, pages, and its agent's open request."""
    agent = (f"agent-{environment.agent}",) if environment.agent else ()
    return ("work", "ledger", f"environment-{environment.name}", *agent)
