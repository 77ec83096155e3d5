"""Every measure of the comparison, in the order in which it is shown.

A measure is a function from the evidence to a row. Adding one: such a function, in the module of its criterion, and a
line here. The row's heading holds its key, unit, direction, how many values it needs, and what is counted.
"""

from __future__ import annotations

from collections.abc import Callable

from app.comparison.evidence import Evidence
from app.comparison.measures import daily_operation, drift_and_recovery, lead_time, visible_to_live
from app.comparison.measures.setup_cost import Foundation
from app.comparison.result import ComparisonRow

MEASURES: tuple[Callable[[Evidence], ComparisonRow], ...] = (
    daily_operation.status_synchronization,
    lambda evidence: Foundation(evidence).installation_effort(),
    lambda evidence: Foundation(evidence).first_delivery(),
    lambda evidence: Foundation(evidence).suitability(),
    lambda evidence: Foundation(evidence).security(),
    daily_operation.automation,
    lead_time.noticed,
    lead_time.lead_time,
    visible_to_live.visible_to_live,
    lead_time.never_deployed,
    lead_time.lead_time_all,
    drift_and_recovery.drift_found,
    drift_and_recovery.time_in_drift,
    drift_and_recovery.time_to_restore,
    drift_and_recovery.recovery,
    daily_operation.pipeline_dependence,
    daily_operation.audit_completeness,
    daily_operation.multi_environment_reach,
    lambda evidence: Foundation(evidence).configuration_size(),
)
