"""Verdicts about an environment: sync status, health, divergence, and the condition that a person should know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


class ConditionKind(StrEnum):
    """What a condition is about; the value begins its text form."""

    SOURCE = "Git"
    TARGET = "Target"
    OPERATION = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a person should know about an environment: SOURCE, why Git cannot be read; TARGET, why the target cannot be
    looked at; OPERATION, why the last operation could not run. Without a text there is nothing to know.

    Stores, agents and the API hold its text form, `str(condition)`: "Git: ...", "Target: ...", or the bare text.
    """

    kind: ConditionKind = ConditionKind.OPERATION
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.text}" if self.kind.value and self.text else self.text

    @classmethod
    def parse(cls, text: str) -> Condition:
        """A condition from its text form."""
        for kind in (ConditionKind.SOURCE, ConditionKind.TARGET):
            if text.startswith(f"{kind.value}: "):
                return cls(kind, text[len(kind.value) + 2 :])
        return cls(ConditionKind.OPERATION, text)

    def about(self, kind: ConditionKind) -> bool:
        """Whether there is something to know of that kind."""
        return bool(self.text) and self.kind is kind


CLEAR = Condition()
