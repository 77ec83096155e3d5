"""The agents' use cases, wired."""

from __future__ import annotations

from dataclasses import dataclass

from app import __version__
from app.services.actors import World
from app.services.agents.admission import Admission, Watch
from app.services.agents.assignment import Assigning
from app.services.agents.commands import Commands
from app.services.agents.enrollment import Enrolling
from app.services.agents.reports.report_intake import Reporting


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
