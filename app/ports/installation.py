"""Every port of one installation in one value, which the composition root fills."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.environment import Environment, RunsOn
from app.ports.desired import DesiredStates
from app.ports.runtime import Checks, Clock, Notifier
from app.ports.sources import Sources
from app.ports.storage.store import Store
from app.ports.targets import Targets


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters behind the ports."""

    store: Store
    sources: Sources
    desired: DesiredStates
    targets: Targets
    checks: Checks
    notifier: Notifier
    clock: Clock
    here: RunsOn = RunsOn.SERVER  # whose environments this process works for


def topics(environment: Environment) -> tuple[str, ...]:
    """Who is to hear that something was asked of an environment: workers, pages, and its agent's open request."""
    agent = (f"agent-{environment.agent}",) if environment.agent else ()
    return ("work", "ledger", f"environment-{environment.name}", *agent)
