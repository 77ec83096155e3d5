"""All queries of an installation in one value; the composition root makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.ports import Ports
from app.queries.agent_queries import AgentQueries
from app.queries.audit_queries import AuditQueries
from app.queries.comparisons.comparison_queries import ComparisonQueries
from app.queries.comparisons.headlines import Headlines, Later
from app.queries.comparisons.outlook_queries import OutlookQueries
from app.queries.comparisons.shadow_pairs import ShadowPairs
from app.queries.drift_queries import DriftQueries
from app.queries.environment_queries import EnvironmentQueries
from app.queries.environment_state import EnvironmentStateQuery
from app.queries.event_queries import EventQueries
from app.queries.experiments.experiment_queries import ExperimentQueries
from app.queries.figure_queries import FigureQueries
from app.queries.history_queries import HistoryQueries
from app.queries.operation_queries import OperationQueries
from app.queries.secret_queries import SecretQueries
from app.queries.target_queries import TargetQueries


@dataclass(frozen=True, slots=True)
class Queries:
    """The queries of an installation. `now`: the moment that answers are given at, in UTC."""

    now: Callable[[], datetime]
    environments: EnvironmentQueries
    state: EnvironmentStateQuery
    operations: OperationQueries
    history: HistoryQueries
    drift: DriftQueries
    events: EventQueries
    audit: AuditQueries
    agents: AgentQueries
    secrets: SecretQueries
    targets: TargetQueries
    shadows: ShadowPairs
    comparison: ComparisonQueries
    headlines: Headlines
    outlook: OutlookQueries
    figures: FigureQueries
    experiments: ExperimentQueries


def wire_queries(ports: Ports, later: Later) -> Queries:
    """The queries over the ports; `later` runs work in the background."""
    comparison = ComparisonQueries(ports.store, ports.clock, ports.targets.kinds())
    return Queries(
        now=ports.clock.now,
        environments=EnvironmentQueries(ports),
        state=EnvironmentStateQuery(ports),
        operations=OperationQueries(ports),
        history=HistoryQueries(ports),
        drift=DriftQueries(ports),
        events=EventQueries(ports),
        audit=AuditQueries(ports),
        agents=AgentQueries(ports),
        secrets=SecretQueries(ports),
        targets=TargetQueries(ports),
        shadows=ShadowPairs(ports),
        comparison=comparison,
        headlines=Headlines(comparison, ports.clock, later),
        outlook=OutlookQueries(ports, comparison),
        figures=FigureQueries(ports),
        experiments=ExperimentQueries(ports),
    )
