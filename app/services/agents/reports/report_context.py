"""The context of one report's intake: it checks that everything the report names belongs to the agent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.agents.protocol import Agent
from app.domain.environment import Environment
from app.domain.errors import InvalidInput, OperationNotFound, ReportRefused
from app.domain.events import EventType, Fact
from app.domain.events.environment_events import (
    EnvironmentCreated,
    EnvironmentDeleted,
    EnvironmentEdited,
    EnvironmentSwitched,
)
from app.domain.operation import Operation
from app.domain.revision import is_sha
from app.ports import Transaction
from app.services.agents.reports.report_batch import Arrived

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}\Z")


@dataclass(frozen=True, slots=True)
class ReportContext:
    """One report with its transaction and agent. `at`: the time of the reported fact by our clock; `serving`: its
    environment is the agent's now."""

    tx: Transaction
    agent: Agent
    report: Arrived
    data: Mapping[str, Any]
    at: datetime
    now: datetime
    serving: bool

    @property
    def shift(self) -> timedelta:
        """The offset to add to the agent's clock for ours."""
        return self.at - self.report.at

    def time(self, at: datetime | None) -> datetime | None:
        """A time of the agent's clock by ours; nothing that happened lies ahead of us."""
        return None if at is None else min(self.now, at + self.shift)

    def text(self, name: str, limit: int = 2000) -> str:
        """A text of the data."""
        found = self.data.get(name)
        return found[:limit] if isinstance(found, str) else ""

    def moment(self, name: str = "at") -> datetime:
        """A time of the data, by our clock; that of the report where there is none."""
        found = self.data.get(name)
        return self.time(datetime.fromisoformat(found)) or self.at if isinstance(found, str) else self.at

    def maybe(self, name: str) -> datetime | None:
        """A time of the data by our clock, or None."""
        return self.moment(name) if self.data.get(name) else None


def own(case: ReportContext, environment: Environment, id: str) -> Operation | None:
    """An operation that is named: the environment's own, or not known yet. Raises ReportRefused."""
    if not ULID.match(id):
        raise ReportRefused("An operation's id is 26 letters and digits.")
    try:
        found = case.tx.operations.get(id)
    except OperationNotFound:
        return None
    if found.environment_id != environment.id:
        raise ReportRefused(f"Operation {id} is not one of {environment.name}.")
    return found


def check_values(revisions: Iterable[str | None], numbers: Iterable[int]) -> None:
    """Revisions are whole commit ids, and numbers can be counted. Raises InvalidInput."""
    if not all(one is None or is_sha(one) for one in revisions):
        raise InvalidInput(fields={"revision": "must be a whole commit id"})
    if not all(0 <= one < 2**31 for one in numbers):
        raise InvalidInput(fields={"data": "holds a number out of bounds"})


def check_mode(case: ReportContext, environment: Environment, mode: Any) -> None:
    """The mode is the environment's, or was: a report may come from before a switch. Raises ReportRefused."""
    if mode is None or mode == environment.mode.value:
        return
    edits = case.tx.ledger.page(environment_id=environment.id, types=_EDITS, newest_first=True, limit=200)
    if not any(mode in _modes(event.fact) for event in edits):
        raise ReportRefused(f"{environment.name} was never an environment of the mode '{str(mode)[:20]}'.")


def _modes(fact: Fact) -> tuple[Any, ...]:
    """The modes that an event says its environment had."""
    if isinstance(fact, EnvironmentSwitched | EnvironmentEdited):
        return fact.modes()
    if isinstance(fact, EnvironmentCreated | EnvironmentDeleted):
        return (fact.specification.get("mode"),)
    return ()


_EDITS = (
    EventType.ENVIRONMENT_CREATED,
    EventType.ENVIRONMENT_EDITED,
    EventType.ENVIRONMENT_SWITCHED,
    EventType.ENVIRONMENT_DELETED,
)
