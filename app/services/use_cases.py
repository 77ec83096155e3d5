"""All use cases of an installation, wired to each other; adapters drive them, the composition root makes them."""

from __future__ import annotations

from dataclasses import dataclass

from app.ports import Hasher, PublicHalf, Signing
from app.services.actors import World
from app.services.agents.agent_use_cases import AgentCases, agent_cases
from app.services.comparisons import Comparisons
from app.services.environments.drift_answers import DriftAnswers
from app.services.environments.holds import Holds
from app.services.environments.previews import Previews
from app.services.environments.registration import Registration
from app.services.environments.rollback import Rollback
from app.services.environments.shadow_pairs import Shadowing
from app.services.environments.switching import Switching
from app.services.operations.follow_up import FollowUp
from app.services.operations.queue import Queue
from app.services.operations.reconciler import Reconciler
from app.services.security.access import Access
from app.services.security.audit_log import AuditLog
from app.services.security.credentials import Keyring, untold
from app.services.triggers.polling import Poller
from app.services.triggers.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class UseCases:
    """What can be asked of PushPull."""

    world: World
    queue: Queue
    reconciler: Reconciler
    poller: Poller
    holds: Holds
    rollback: Rollback
    previews: Previews
    drift: DriftAnswers
    webhooks: Webhooks
    registration: Registration
    switching: Switching
    shadowing: Shadowing
    keyring: Keyring
    access: Access
    audit: AuditLog
    comparison: Comparisons
    agents: AgentCases


def use_cases(world: World, hasher: Hasher, signing: Signing, public_half: PublicHalf = untold) -> UseCases:
    """Wire the use cases over one world."""
    queue = Queue(world)
    poller = Poller(world, queue)
    registration = Registration(world, queue, poller)
    rollback = Rollback(world, queue)
    agents = agent_cases(world)
    return UseCases(
        world=world,
        queue=queue,
        reconciler=Reconciler(world, FollowUp(world, queue)),
        poller=poller,
        holds=Holds(world, poller),
        rollback=rollback,
        previews=Previews(world, rollback, agents.commands),
        drift=DriftAnswers(world, queue, agents.commands),
        webhooks=Webhooks(world, queue, poller),
        registration=registration,
        switching=Switching(world, registration, queue),
        shadowing=Shadowing(world),
        keyring=Keyring(world, public_half),
        access=Access(world, hasher),
        audit=AuditLog(world, signing),
        comparison=Comparisons(world.store, world.clock),
        agents=agents,
    )
