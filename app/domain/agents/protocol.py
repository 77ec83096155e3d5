"""Agents: processes beside their targets that do an environment's work and tell the control plane about it.

The words of the protocol (docs/decisions/0016-agent-protocol.md): the control plane hands out an *assignment* and
*commands*, the agent answers with *reports*, each of which counts once and in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LISTEN_S = 20.0  # how long a request for news is kept open; an agent is heard at least this often
GRACE = timedelta(seconds=30)  # on top of its interval, an agent may be silent this long before its verdicts are stale
COMMAND_LIFE = timedelta(hours=1)  # a command that was not taken by then expires
ENROLLMENT_LIFE = timedelta(hours=1)
FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Agent:
    """An enrolled agent. `listened_at`: when it last asked for commands, None once it hung up; `offset_s`: what to add
    to its clock to get ours; `reported`, `chain`: number and hash of the last report taken in; `next_hash`: a
    credential that was handed out and not used yet."""

    id: str
    name: str
    credential_hash: str
    version: str
    enrolled_at: datetime
    enrolled_by: str
    heard_at: datetime | None = None
    listened_at: datetime | None = None
    address: str | None = None
    next_hash: str | None = None
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""
    silent_at: datetime | None = None  # when the ledger was told of its silence; None while it is heard
    offset_s: float = 0.0
    offset_error_s: float | None = None  # half the round trip of the measurement; None until measured
    reported: int = 0
    chain: str = FIRST_HASH

    def connected(self, now: datetime) -> bool:
        """Whether a command would reach it at once: it keeps a request for news open, or asked lately."""
        return self.revoked_at is None and self.listened_at is not None and now - self.listened_at <= GRACE


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A one-time token that makes one agent for some environments."""

    id: str
    token_hash: str
    environments: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None = None
    agent: str | None = None


class CommandKind(StrEnum):
    """What the control plane asks of an agent. Each names a use case that the agent runs as a server would."""

    OPERATE = "operate"  # queue this operation
    TERMINATE = "terminate"
    ROLLBACK = "rollback"
    HOLD = "hold"
    RESUME = "resume"
    NUDGE = "nudge"  # poll now
    PREVIEW = "preview"  # plan a rollback and answer with it
    WRITE_BACK = "adopt"  # the wire word, which servers and agents of older versions understand


QUESTIONS = (CommandKind.PREVIEW, CommandKind.WRITE_BACK)  # they end with an answer; all others are carried out


class CommandState(StrEnum):
    """Where a command is: waiting for its agent, taken by it, answered, or no longer wanted."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `seq` grows per installation. `answer`: {"result": …} or {"problem": {"code", "detail"}}."""

    seq: int
    environment_id: int
    kind: CommandKind
    data: Mapping[str, Any]
    issued_at: datetime
    expires_at: datetime
    state: CommandState = CommandState.WAITING
    operation: str | None = None
    answer: Mapping[str, Any] | None = None


class ReportKind(StrEnum):
    """What an agent tells: the ledger's events, and the rows that pages show."""

    EVENT = "event"
    OPERATION = "operation"
    STATUS = "status"
    HOLD = "hold"
    HISTORY = "history"
    EPISODE = "episode"
    DRIFT = "drift"
    AUDIT = "audit"
    NOTICING = "noticing"


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `at`: the agent's wall clock; `mono_s`: seconds since `boot`, which never go back; `hash` chains it
    to the report before, so that none can be put in, left out, moved or altered on the way."""

    seq: int
    at: datetime
    mono_s: float
    boot: str
    environment: int
    kind: ReportKind
    data: Mapping[str, Any]
    hash: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment by this machine's clocks: the wall clock, and seconds since `boot`, suspended ones included."""

    at: datetime
    mono_s: float
    boot: str


def chained(previous: str, report: Report) -> str:
    """The hash of a report that follows `previous`: SHA-256 over it and the report's canonical JSON, hex."""
    facts = (report.seq, report.at, report.mono_s, report.boot, report.environment, report.kind.value, report.data)
    return link_hash(previous, facts)


ReportFacts = tuple[int, datetime, float, str, int, str, Mapping[str, Any]]


def link_hash(previous: str, facts: ReportFacts) -> str:
    """The hash that `chained` gives a report of its (seq, at, mono_s, boot, environment, kind, data), also where this
    version does not know the kind."""
    seq, at, mono_s, boot, environment, kind, data = facts
    link = [previous, seq, at.isoformat(), round(mono_s, 6), boot, environment, kind, data]
    text = json.dumps(link, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Clocks:
    """An agent's clocks at one moment, and ours at the same."""

    here: datetime
    there: datetime
    mono_s: float
    boot: str

    def ours(self, at: datetime, mono_s: float, boot: str) -> datetime:
        """When something happened by our clock. Within one boot the monotonic clock tells, whatever was done to the
        agent's wall clock in between; of an earlier boot only its wall clock is known, corrected by today's offset."""
        if boot == self.boot and mono_s <= self.mono_s:
            return self.here - timedelta(seconds=self.mono_s - mono_s)
        return at + (self.here - self.there)


def compatible(one: str, other: str) -> bool:
    """Whether two versions work together: the same major, and at most one minor apart."""
    try:
        (major, minor), (other_major, other_minor) = _numbers(one), _numbers(other)
    except ValueError:
        return False
    return major == other_major and abs(minor - other_minor) <= 1


def heals_paths(version: str) -> bool:
    """Whether an agent of a version heals only the paths that a request names; older ones would heal everything."""
    try:
        return _numbers(version) >= (0, 2)
    except ValueError:
        return False


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)
