"""What an event says, as a value: one class per type of event, with the form in which it is stored and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

from app.domain.agents.wire import decode_value, encode
from app.domain.errors import InvalidInput


class Mark(StrEnum):
    """How a field is written, where that is not plainly under its own name in the data."""

    SAID = "said"  # by the reason, not in the data
    WHOLE = "whole"  # it is all of the data
    OPTIONAL = "optional"  # left out where it says no more than its default


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a field in the data, where that is another one."""

    name: str


Said = Annotated[str, Mark.SAID]


class EventType(StrEnum):
    """What happened. `decision` also records doing nothing, with the reason why."""

    ENVIRONMENT_CREATED = "environment.created"
    ENVIRONMENT_EDITED = "environment.edited"
    ENVIRONMENT_SWITCHED = "environment.switched"
    ENVIRONMENT_DELETED = "environment.deleted"
    OPERATION_QUEUED = "operation.queued"
    OPERATION_STARTED = "operation.started"
    OPERATION_STAGE = "operation.stage"
    OPERATION_LOG = "operation.log"
    OPERATION_FINISHED = "operation.finished"
    DECISION = "decision"
    REVISION_NOTICED = "revision.noticed"
    REF_MOVED = "ref.moved"
    SOURCE_FAILED = "source.failed"
    SOURCE_RECOVERED = "source.recovered"
    DRIFT_DETECTED = "drift.detected"
    DRIFT_CHANGED = "drift.changed"
    DRIFT_ACKNOWLEDGED = "drift.acknowledged"
    DRIFT_WRITTEN_BACK = "drift.written_back"
    DRIFT_ENDED = "drift.ended"
    HOLD_SET = "hold.set"
    HOLD_ENDED = "hold.ended"
    REVISION_MARKED_BAD = "revision.marked_bad"
    STATUS_CHANGED = "status.changed"
    HEALTH_CHANGED = "health.changed"
    WEBHOOK_RECEIVED = "webhook.received"
    WEBHOOK_MISSED = "webhook.missed"
    PIPELINE_MISSED = "pipeline.missed"
    AGENT_ENROLLED = "agent.enrolled"
    AGENT_REVOKED = "agent.revoked"
    AGENT_SILENT = "agent.silent"
    AGENT_HEARD = "agent.heard"
    COMMAND_EXPIRED = "command.expired"


@dataclass(frozen=True, slots=True)
class FactField:
    """One field of a fact: its name, its name in the data, its type, and how it is written."""

    name: str
    wire: str
    type: Any
    default: Any
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What an event says. Its fields are the event's `data`, but for those that its `reason` says (`SENTENCE`)."""

    TYPE: ClassVar[EventType]
    SENTENCE: ClassVar[str] = "{why}"

    @property
    def type(self) -> EventType:
        """The type of event that says this."""
        return self.TYPE

    @property
    def reason(self) -> str:
        """The event's sentence."""
        return self.SENTENCE.format(**{one.name: getattr(self, one.name) for one in fields(self)})

    @property
    def data(self) -> Mapping[str, Any]:
        """The event's data, as JSON."""
        found: dict[str, Any] = {}
        kind: Any = type(self)
        for one in fields_of(kind):
            value = getattr(self, one.name)
            if one.mark is Mark.WHOLE:
                found |= value
            elif one.mark is None or (one.mark is Mark.OPTIONAL and value != one.default):
                found[one.wire] = encode(value)
        return found

    @classmethod
    def read(cls, data: Mapping[str, Any], reason: str) -> Self:
        """The fact of an event. Raises InvalidInput where the data are of another form."""
        given: dict[str, Any] = {}
        kind: Any = cls
        spoken = _pattern(kind).fullmatch(reason)
        for one in fields_of(kind):
            if one.mark is Mark.WHOLE:
                given[one.name] = data
            elif one.mark is Mark.SAID:
                given[one.name] = decode_value(one.type, spoken[one.name] if spoken else "", one.name)
            elif one.wire in data:
                given[one.name] = decode_value(one.type, data[one.wire], one.wire)
        try:
            return cls(**given)
        except TypeError:
            raise InvalidInput(fields={"data": "lacks a required field"}) from None


@dataclass(frozen=True, slots=True)
class UnreadFact(Fact):
    """What an event says in a form that is not known here: an agent's, or another version's, kept as it came."""

    of: EventType
    raw: Mapping[str, Any] = field(default_factory=dict)
    why: Said = ""

    @property
    def type(self) -> EventType:
        return self.of

    @property
    def data(self) -> Mapping[str, Any]:
        return self.raw


@lru_cache
def fields_of(kind: Any) -> tuple[FactField, ...]:
    """The fields of a kind of fact."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(_field(one.name, hints[one.name], one.default) for one in fields(kind))


def _field(name: str, hint: Any, default: Any) -> FactField:
    plain, *marks = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
    wire = next((one.name for one in marks if isinstance(one, Named)), name)
    mark = next((one for one in marks if isinstance(one, Mark)), None)
    return FactField(name, wire, plain, None if default is MISSING else default, mark)


@lru_cache
def _pattern(kind: Any) -> re.Pattern[str]:
    """What a reason of that kind looks like: its sentence, with a group for each field that only the reason says."""
    spoken = {one.name for one in fields_of(kind) if one.mark is Mark.SAID}
    parts = re.split(r"\{(\w+)[^}]*\}", kind.SENTENCE)
    texts = [re.escape(part) for part in parts[::2]]
    gaps = [f"(?P<{name}>.*)" if name in spoken else ".*" for name in parts[1::2]]
    return re.compile("".join(text + gap for text, gap in zip(texts, [*gaps, ""], strict=True)), re.DOTALL)
