"""Every measure of the comparison, in the order in which it is shown.

A measure is one entry in the table of its module: its heading with the definition in full, how it speaks, the function
that says what a mode contributes, and how the figure is made of that. docs/measures.md and the page of definitions are
made from this table; the export, the evidence and the verdicts follow from the entry.
"""

from app.comparison.measures import (
    believable_status,
    credentials_held,
    daily_operation,
    deployments,
    drift_and_recovery,
    lead_time,
    load,
    setup_cost,
)
from app.comparison.measures.entry import Entry

MEASURES: tuple[Entry, ...] = (
    *believable_status.ENTRIES,
    *setup_cost.ENTRIES,
    *credentials_held.ENTRIES,
    *lead_time.ENTRIES,
    *deployments.ENTRIES,
    *drift_and_recovery.ENTRIES,
    *daily_operation.ENTRIES,
    *load.ENTRIES,
)
