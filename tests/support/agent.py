"""An agent made of nothing but the protocol: it chains reports and says what a test wants said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.agents.protocol import FIRST_HASH, Report, ReportKind, chained
from app.domain.agents.wire import encode
from app.domain.audit import timestamp
from app.domain.environment import Status
from app.domain.events import EventType
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, Trigger

SHA = "1f0c9d2a64c0b8f5d1f2a7e6b3c4d5e6f7a8b9be"


@dataclass
class Teller:
    """Writes an agent's reports. Its wall clock is `skew` away from the one it is given; its monotonic one counts."""

    skew: timedelta = timedelta()
    boot: str = "boot-1"
    seq: int = 0
    chain: str = FIRST_HASH
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def report(self, environment: int, kind: ReportKind, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The next report of the chain, on the wire."""
        self.seq += 1
        mono = (now - self.started).total_seconds()
        one = Report(self.seq, now + self.skew, mono, self.boot, environment, kind, encode(data))
        self.chain = chained(self.chain, one)
        return {
            "seq": one.seq, "at": timestamp(one.at), "mono_s": one.mono_s, "boot": one.boot,
            "environment": environment, "kind": kind.value, "data": dict(one.data), "hash": self.chain,
        }  # fmt: skip

    def batch(self, reports: list[dict[str, Any]], now: datetime, **more: Any) -> dict[str, Any]:
        """Reports on the wire, sent `now`."""
        clocks = {"sent_at": timestamp(now + self.skew), "mono_s": (now - self.started).total_seconds()}
        return {**clocks, "boot": self.boot, "reports": reports, **more}


def operation(id: str, environment_id: int, name: str, at: datetime, **fields: Any) -> Operation:
    """A run as an agent tells of it."""
    request = Request(OperationKind.SYNC, Trigger.SCHEDULE, "system:schedule", wanted=SHA)
    made = Operation(id, environment_id, name, "pull", request, Phase.RUNNING, at, started_at=at)
    return replace(made, **fields)


def ended(one: Operation, at: datetime) -> Operation:
    """The run, gone well."""
    return replace(one, phase=Phase.SUCCEEDED, outcome=Outcome.DEPLOYED, revision=SHA, finished_at=at)


def status(**fields: Any) -> Mapping[str, Any]:
    """A status on the wire."""
    told: Mapping[str, Any] = encode(Status(**fields))
    return told


def event(type: EventType, id: int = 1, **more: Any) -> dict[str, Any]:
    """An event on the wire."""
    return {"id": id, "type": type.value, "reason": "", "operation": None, "data": {}, **more}
