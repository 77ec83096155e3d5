"""When an environment needs a person, and why: one rule for pages, the store's order and its counts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from app.domain.environment import Environment, Status
from app.domain.status import TARGET, Health, SyncStatus

FAILED = ("failed", "refused", "error")  # outcomes of a last delivery that somebody has to look at
UNWELL = (Health.DEGRADED, Health.MISSING)


class Need(StrEnum):
    """Why an environment needs a person; the most urgent reason first."""

    SILENT_AGENT = "silent_agent"
    TARGET_UNREADABLE = "target_unreadable"
    DELIVERY_FAILED = "delivery_failed"
    UNHEALTHY = "unhealthy"
    DRIFT = "drift"
    SOURCE_UNREADABLE = "source_unreadable"
    STALE_VERDICT = "stale_verdict"


def lasting_need(status: Status) -> Need | None:
    """The most urgent reason that a status itself holds, None where it holds none. Time alone does not change it."""
    if status.message.startswith(TARGET):
        return Need.TARGET_UNREADABLE
    if status.last_outcome in FAILED:
        return Need.DELIVERY_FAILED
    if status.health in UNWELL:
        return Need.UNHEALTHY
    if status.drift_count:
        return Need.DRIFT
    return Need.SOURCE_UNREADABLE if status.message else None


def need_at(environment: Environment, now: datetime) -> Need | None:
    """The most urgent reason at `now`, also that the agent is silent or the verdict too old; None where there is none.

    The store says the same in SQL (app/store/environments/current_status.py)."""
    status = environment.status
    if environment.silent(now):
        return Need.SILENT_AGENT
    if found := lasting_need(status):
        return found
    stale = status.sync is SyncStatus.SYNCED and status.sync_at(now) is SyncStatus.UNKNOWN
    return Need.STALE_VERDICT if stale and status.checked_at else None
