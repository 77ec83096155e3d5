"""All use cases of an installation, wired to each other; adapters drive them, the composition root makes them."""

from __future__ import annotations

from dataclasses import dataclass

from app import __version__
from app.ports import Hasher, HeadKeeper, Ports, PublicHalf, Signing
from app.services.agents.agent_use_cases import AgentUseCases, wire_agent_use_cases
from app.services.environments.drift_answers import DriftAnswers
from app.services.environments.holds import Holds
from app.services.environments.previews import Previews
from app.services.environments.registration import Registration
from app.services.environments.rollback import Rollback
from app.services.environments.switching import ModeSwitches
from app.services.experiments.experiments import Experiments
from app.services.experiments.twins import Twins, TwinSetup
from app.services.operations.follow_up import FollowUp
from app.services.operations.queue import Queue
from app.services.operations.reconciler import Reconciler
from app.services.security.access import Access
from app.services.security.audit_log import AuditLog, NothingKept
from app.services.security.credentials import Keyring, untold
from app.services.security.repeated_requests import RequestKeys
from app.services.triggers.polling import Poller
from app.services.triggers.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases of an installation."""

    ports: Ports
    queue: Queue
    reconciler: Reconciler
    poller: Poller
    holds: Holds
    rollback: Rollback
    previews: Previews
    drift: DriftAnswers
    webhooks: Webhooks
    registration: Registration
    switching: ModeSwitches
    keyring: Keyring
    access: Access
    request_keys: RequestKeys
    audit: AuditLog
    agents: AgentUseCases
    experiments: Experiments


def wire_use_cases(
    ports: Ports,
    hasher: Hasher,
    signing: Signing,
    public_half: PublicHalf = untold,
    heads: HeadKeeper | None = None,
    anchor: HeadKeeper | None = None,
) -> UseCases:
    """The use cases over the ports."""
    queue = Queue(ports)
    poller = Poller(ports, queue)
    registration = Registration(ports, queue, poller)
    rollback = Rollback(ports, queue)
    keyring, access = Keyring(ports, public_half), Access(ports, hasher)
    agents = wire_agent_use_cases(ports)
    return UseCases(
        ports=ports,
        queue=queue,
        reconciler=Reconciler(ports, FollowUp(ports, queue)),
        poller=poller,
        holds=Holds(ports, poller),
        rollback=rollback,
        previews=Previews(ports, rollback, agents.commands),
        drift=DriftAnswers(ports, queue, agents.commands),
        webhooks=Webhooks(ports, queue, poller),
        registration=registration,
        switching=ModeSwitches(ports, registration, queue),
        keyring=keyring,
        access=access,
        request_keys=RequestKeys(ports),
        audit=AuditLog(ports, signing, heads or NothingKept(), anchor),
        agents=agents,
        experiments=Experiments(ports, Twins(TwinSetup(ports, registration, keyring, access)), __version__),
    )
