"""The agents' use cases, wired."""

from __future__ import annotations

from dataclasses import dataclass

from app import __version__
from app.services.agents.admitting import Admission, Watch
from app.services.agents.assigning import Assigning
from app.services.agents.commanding import Commands
from app.services.agents.enrolling import Enrolling
from app.services.agents.reporting import Reporting
from app.services.world import World


@dataclass(frozen=True, slots=True)
class AgentCases:
    """What can be asked about agents, and by them."""

    enrolling: Enrolling
    admission: Admission
    assigning: Assigning
    commands: Commands
    reporting: Reporting
    watch: Watch


def agent_cases(world: World, version: str = __version__) -> AgentCases:
    """Wire them over one world."""
    admission = Admission(world, version)
    return AgentCases(
        enrolling=Enrolling(world, admission),
        admission=admission,
        assigning=Assigning(world, version),
        commands=Commands(world),
        reporting=Reporting(world),
        watch=Watch(world),
    )
