"""All use cases of an installation, wired to each other; adapters drive them, the composition root makes them."""

from __future__ import annotations

from dataclasses import dataclass

from app.ports import Hasher, PublicHalf, Signing
from app.services.access import Access
from app.services.agents.cases import AgentCases, agent_cases
from app.services.audit import AuditLog
from app.services.comparison import Comparisons
from app.services.drift import DriftAnswers
from app.services.followup import FollowUp
from app.services.holds import Holds
from app.services.keyring import Keyring, untold
from app.services.polling import Poller
from app.services.previewing import Previews
from app.services.queue import Queue
from app.services.reconcile import Reconciler
from app.services.registration import Registration
from app.services.rollback import Rollback
from app.services.shadowing import Shadowing
from app.services.switching import Switching
from app.services.webhooks import Webhooks
from app.services.world import World


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
