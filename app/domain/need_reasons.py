"""When an environment needs a person, and why: one rule for pages, the store's order and its counts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from app.domain.environment import Environment, Status
from app.domain.status import ConditionKind, SyncStatus


class NeedReason(StrEnum):
    """Why an environment needs a person; the most urgent reason first."""

    SILENT_AGENT = "silent_agent"
    TARGET_UNREADABLE = "target_unreadable"
    DELIVERY_FAILED = "delivery_failed"
    UNHEALTHY = "unhealthy"
    DRIFT = "drift"
    CONDITION = "condition"  # another one, above all that Git cannot be read
    STALE_VERDICT = "stale_verdict"


def lasting_need(status: Status) -> NeedReason | None:
    """The most urgent reason that a status itself holds, None where it holds none. Time alone does not change it."""
    if status.condition.about(ConditionKind.TARGET):
        return NeedReason.TARGET_UNREADABLE
    if status.failed:
        return NeedReason.DELIVERY_FAILED
    if status.unwell:
        return NeedReason.UNHEALTHY
    if status.drift_count:
        return NeedReason.DRIFT
    return NeedReason.CONDITION if status.condition else None


def need_at(environment: Environment, now: datetime) -> NeedReason | None:
    """The most urgent reason at `now`, also that the agent is silent or the verdict too old; None where there is none.

    The store says the same in SQL (app/store/environments/current_status.py)."""
    status = environment.status
    if environment.silent(now):
        return NeedReason.SILENT_AGENT
    if found := lasting_need(status):
        return found
    stale = status.sync is SyncStatus.SYNCED and environment.sync_at(now) is SyncStatus.UNKNOWN
    return NeedReason.STALE_VERDICT if stale and status.checked_at and environment.external is None else None
