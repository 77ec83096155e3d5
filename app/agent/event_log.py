"""The agent's log of what it did: lines out of the events that were just written down, so none for a quiet poll."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.domain.events import Event, EventType
from app.domain.operation import OperationKind, Outcome, Phase, StageName, Trigger

Line = tuple[int, str, Mapping[str, Any]]
DEEDS = {Trigger.ROLLBACK.value: "rollback", Trigger.SELF_HEAL.value: "heal"}
SHOWN = 200  # characters of a reason
log = logging.getLogger("agent")


def tell(events: Sequence[Event]) -> None:
    """One line for each event that a person who reads along wants to know of."""
    for event in events:
        told = _LINES[event.type](event) if event.type in _LINES else None
        if told:
            level, text, more = told
            facts = {"environment": event.environment, "reason": event.reason[:SHOWN], **more}
            log.log(level, text, extra={name: value for name, value in facts.items() if value not in (None, "")})


def _deed(event: Event) -> str:
    return DEEDS.get(str(event.data.get("trigger")), "delivery")


def _revision(event: Event) -> str:
    return str(event.data.get("revision") or "")[:8]


def _begun(event: Event) -> Line | None:
    if event.reason != StageName.APPLIED.value:
        return None
    return logging.INFO, f"{_deed(event)} begun", {"revision": _revision(event), "reason": None}


def _ended(event: Event) -> Line | None:
    data = event.data
    bad = data.get("phase") in (Phase.FAILED.value, Phase.ERROR.value)
    if data.get("kind") != OperationKind.SYNC.value:
        return (logging.WARNING, "comparison failed", {}) if bad else None
    outcome = data.get("outcome") or data.get("phase")
    if outcome in (Outcome.NO_OP.value, Phase.SUPERSEDED.value):
        return None
    facts = {"revision": _revision(event), "outcome": outcome, "by": data.get("initiated_by")}
    return logging.WARNING if bad else logging.INFO, f"{_deed(event)} ended", facts


def _drift(event: Event) -> Line:
    return logging.WARNING, "drift found", {"paths": event.data.get("count"), "reason": event.reason[:SHOWN]}


def _git_away(event: Event) -> Line:
    return logging.WARNING, "Git cannot be read", {"repository": event.data.get("repo_url")}


def _git_back(event: Event) -> Line:
    return logging.INFO, "Git answers again", {"repository": event.data.get("repo_url"), "reason": None}


def _plain(level: int, text: str, *names: str) -> Callable[[Event], Line]:
    return lambda event: (level, text, {name: event.data.get(name) for name in names})


_LINES: Mapping[EventType, Callable[[Event], Line | None]] = {
    EventType.OPERATION_STAGE: _begun,
    EventType.OPERATION_FINISHED: _ended,
    EventType.DRIFT_DETECTED: _drift,
    EventType.DRIFT_CHANGED: _drift,
    EventType.DRIFT_ENDED: _plain(logging.INFO, "drift ended"),
    EventType.HOLD_SET: _plain(logging.INFO, "on hold", "owner"),
    EventType.HOLD_ENDED: _plain(logging.INFO, "hold ended"),
    EventType.SOURCE_FAILED: _git_away,
    EventType.SOURCE_RECOVERED: _git_back,
}
