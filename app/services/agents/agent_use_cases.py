"""The wiring of the use cases for agents."""

from __future__ import annotations

from dataclasses import dataclass

from app import __version__
from app.ports import Ports
from app.services.agents.admission import Admission, SilenceMonitor
from app.services.agents.assignment import AssignmentService
from app.services.agents.commands import Commands
from app.services.agents.enrollment import Enrollments
from app.services.agents.reports.report_intake import ReportIntake


@dataclass(frozen=True, slots=True)
class AgentUseCases:
    """The use cases that manage agents, and those that agents call."""

    enrolling: Enrollments
    admission: Admission
    assigning: AssignmentService
    commands: Commands
    reporting: ReportIntake
    watch: SilenceMonitor


def wire_agent_use_cases(ports: Ports, version: str = __version__) -> AgentUseCases:
    """The agents' use cases over the ports."""
    admission = Admission(ports, version)
    return AgentUseCases(
        enrolling=Enrollments(ports, admission),
        admission=admission,
        assigning=AssignmentService(ports, version),
        commands=Commands(ports),
        reporting=ReportIntake(ports),
        watch=SilenceMonitor(ports),
    )
