"""Events of operations, and of decisions that lead to none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from app.domain.actor import NOBODY, Actor
from app.domain.events.fact import EventType, Fact, Mark, Said


@dataclass(frozen=True, slots=True)
class OperationQueued(Fact):
    """An operation was asked for. `revision`: the one that is wanted, where one is named."""

    TYPE = EventType.OPERATION_QUEUED

    kind: str
    mode: str
    trigger: str
    initiated_by: Actor
    revision: str | None
    why: Said = ""


@dataclass(frozen=True, slots=True)
class OperationStage(Fact):
    """A stage of an operation began: "fetched", "planned", "applied" or "healthy"."""

    TYPE = EventType.OPERATION_STAGE
    SENTENCE: ClassVar[str] = "{stage}"

    trigger: str = ""
    revision: str | None = None
    stage: Said = ""


@dataclass(frozen=True, slots=True)
class OperationLog(Fact):
    """A line of an operation's log, masked."""

    TYPE = EventType.OPERATION_LOG
    SENTENCE: ClassVar[str] = "{line}"

    line: Said = ""


@dataclass(frozen=True, slots=True)
class OperationConcluded(Fact):
    """An operation ended. `created`, `updated` and `deleted` are numbers of files."""

    TYPE = EventType.OPERATION_FINISHED

    kind: str = ""
    mode: str = ""
    trigger: str = ""
    initiated_by: Actor = NOBODY
    revision: str | None = None
    phase: str = ""
    outcome: str | None = None
    from_revision: str | None = None
    created: int = 0
    updated: int = 0
    deleted: int = 0
    why: Said = ""


class Unhealed(StrEnum):
    """Why drift is not healed, though the environment's policy asks for it."""

    ON_HOLD = "on_hold"
    CAME_BACK = "came_back"  # it was healed too often in a short time


@dataclass(frozen=True, slots=True)
class Decision(Fact):
    """A decision that led to no operation. `trigger`: what asked; `observe`: a shadow's; `by`: the commit that took
    the place of `revision`; `committed_at`: when `revision` was committed; `delivery`, `heads`: the webhook's id, and
    what it announced; `cause`, `held_by`: why drift is not healed ("on_hold", "came_back"), and whose hold it is."""

    TYPE = EventType.DECISION

    outcome: str
    mode: str
    trigger: str
    observe: Annotated[bool, Mark.OPTIONAL] = False
    revision: Annotated[str | None, Mark.OPTIONAL] = None
    by: Annotated[str | None, Mark.OPTIONAL] = None
    committed_at: Annotated[str | None, Mark.OPTIONAL] = None
    delivery: Annotated[str | None, Mark.OPTIONAL] = None
    heads: Annotated[Mapping[str, Any] | None, Mark.OPTIONAL] = None
    cause: Annotated[str | None, Mark.OPTIONAL] = None
    held_by: Annotated[Actor | None, Mark.OPTIONAL] = None
    why: Said = ""


@dataclass(frozen=True, slots=True)
class AnnouncedDecision(Fact):
    """A decision about one webhook delivery, which may name no commit."""

    TYPE = EventType.DECISION

    outcome: str
    mode: str
    trigger: str
    delivery: str
    revision: str | None
    observe: Annotated[bool, Mark.OPTIONAL] = False
    why: Said = ""


@dataclass(frozen=True, slots=True)
class CommandNotTaken(Fact):
    """An agent did not take a command in time."""

    TYPE = EventType.COMMAND_EXPIRED

    command: int
    kind: str
    why: Said = ""
