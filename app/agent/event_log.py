"""The agent's log: lines made from new events, so a poll without news writes none."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.events import Event
from app.domain.events.environment_events import DriftDetected, DriftEnded, HoldEnded, HoldSet, RollbackHoldSet
from app.domain.events.operation_events import OperationConcluded, OperationStage
from app.domain.events.source_events import SourceFailed, SourceRecovered
from app.domain.operation import OperationKind, Outcome, Phase, StageName, Trigger

Line = tuple[int, str, Mapping[str, Any]]
DEEDS = {Trigger.ROLLBACK.value: "rollback", Trigger.SELF_HEAL.value: "heal"}
SHOWN = 200  # characters of a reason
log = logging.getLogger("agent")


def log_events(events: Sequence[Event]) -> None:
    """Log a line for each event that concerns a person who reads the log."""
    for event in events:
        line = _line(event)
        if line:
            level, text, more = line
            facts = {"environment": event.environment, "reason": event.reason[:SHOWN], **more}
            log.log(level, text, extra={name: value for name, value in facts.items() if value not in (None, "")})


def _line(event: Event) -> Line | None:
    match event.fact:
        case OperationStage(stage=StageName.APPLIED.value) as fact:
            return logging.INFO, f"{_deed(fact.trigger)} begun", {"revision": _short(fact.revision), "reason": None}
        case OperationConcluded() as fact:
            return _ended(fact)
        case DriftDetected() as fact:
            return logging.WARNING, "drift found", {"paths": fact.count}
        case DriftEnded():
            return logging.INFO, "drift ended", {}
        case HoldSet() as fact:
            return logging.INFO, "on hold", {"owner": str(fact.owner)}
        case RollbackHoldSet():
            return logging.INFO, "on hold", {}
        case HoldEnded():
            return logging.INFO, "hold ended", {}
        case SourceFailed() as fact:
            return logging.WARNING, "Git cannot be read", {"repository": fact.repo_url}
        case SourceRecovered() as fact:
            return logging.INFO, "Git answers again", {"repository": fact.repo_url, "reason": None}
    return None


def _ended(fact: OperationConcluded) -> Line | None:
    bad = fact.phase in (Phase.FAILED, Phase.ERROR)
    if fact.kind != OperationKind.SYNC:
        return (logging.WARNING, "refresh failed", {}) if bad else None
    outcome = fact.outcome or fact.phase
    if outcome in (Outcome.NO_OP, Phase.SUPERSEDED):
        return None
    facts = {"revision": _short(fact.revision), "outcome": outcome, "by": str(fact.initiated_by)}
    return logging.WARNING if bad else logging.INFO, f"{_deed(fact.trigger)} ended", facts


def _deed(trigger: str) -> str:
    return DEEDS.get(trigger, "delivery")


def _short(revision: str | None) -> str:
    return (revision or "")[:8]
