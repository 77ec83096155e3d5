"""Verdicts about an environment: sync status, health, divergence."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

GIT = "Git: "  # begins what a status says about the repository
TARGET = "Target: "  # begins what a status says about a target that cannot be looked at


class SyncStatus(StrEnum):
    """Whether live equals desired. A verdict older than its interval reads Unknown, never Synced."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"


class Divergence(StrEnum):
    """Why an environment is OutOfSync: Git moved, or live moved. Never call both drift."""

    NEW_REVISION = "new_revision"
    DRIFT = "drift"


class Health(StrEnum):
    """How the delivered thing is; listed from best to worst."""

    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"

    @staticmethod
    def worst(verdicts: Iterable[Health]) -> Health:
        """The worst of several; Unknown where there are none."""
        order = list(Health)
        return max(verdicts, key=order.index, default=Health.UNKNOWN)
