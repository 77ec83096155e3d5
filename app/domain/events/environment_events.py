"""Events of an environment: its registration, its policy's holds, its status and its drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from app.domain.actor import Actor
from app.domain.events.fact import EventType, Fact, Mark, Named, Said

RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class EnvironmentCreated(Fact):
    """An environment was registered. The data are its specification."""

    TYPE = EventType.ENVIRONMENT_CREATED
    SENTENCE: ClassVar[str] = "by {by}"

    specification: Annotated[Mapping[str, Any], Mark.WHOLE]
    by: Annotated[Actor, Mark.SAID]


@dataclass(frozen=True, slots=True)
class EnvironmentDeleted(Fact):
    """An environment was deleted. The data are its specification."""

    TYPE = EventType.ENVIRONMENT_DELETED
    SENTENCE: ClassVar[str] = "by {by}"

    specification: Annotated[Mapping[str, Any], Mark.WHOLE]
    by: Annotated[Actor, Mark.SAID]


@dataclass(frozen=True, slots=True)
class EnvironmentEdited(Fact):
    """A specification was changed. The data are the changed parts: {part: {"from", "to"}}."""

    TYPE = EventType.ENVIRONMENT_EDITED
    SENTENCE: ClassVar[str] = "by {by}"

    changes: Annotated[Mapping[str, Any], Mark.WHOLE]
    by: Annotated[Actor, Mark.SAID]

    def modes(self) -> tuple[str, str]:
        """The mode before and after; empty where the edit left it as it was."""
        change = self.changes.get("mode")
        return (str(change.get("from", "")), str(change.get("to", ""))) if isinstance(change, Mapping) else ("", "")


@dataclass(frozen=True, slots=True)
class IgnoreRuleEdited(Fact):
    """A rule that accepts drift at `path` was made or removed. `action`: "drift.ignore" or "drift.stop_ignoring"."""

    TYPE = EventType.ENVIRONMENT_EDITED
    SENTENCE: ClassVar[str] = "{action}: {path}"

    environment: str
    path: str
    why: Annotated[str, Named("reason")]
    action: Said = ""


@dataclass(frozen=True, slots=True)
class SwitchSide:
    """One side of a switch: enough to say later what was compared."""

    mode: str = ""
    runs_on: str = ""
    agent: str | None = None
    target: Mapping[str, Any] = field(default_factory=dict)
    auto_sync: bool = False
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentSwitched(Fact):
    """The same environment at the same place is delivered to in another way from now on."""

    TYPE = EventType.ENVIRONMENT_SWITCHED

    before: Annotated[SwitchSide, Named("from")]
    after: Annotated[SwitchSide, Named("to")]
    by: Actor
    why: Said = ""

    def modes(self) -> tuple[str, str]:
        """The mode before and after."""
        return self.before.mode, self.after.mode


@dataclass(frozen=True, slots=True)
class HoldSet(Fact):
    """A person stopped automation. `left_revision`: the revision that a rollback left."""

    TYPE = EventType.HOLD_SET

    owner: Actor
    expires_at: str | None
    left_revision: str | None
    why: Said = ""


@dataclass(frozen=True, slots=True)
class RollbackHoldSet(Fact):
    """The way back after bad health stopped automation. `revision`: the one that was left."""

    TYPE = EventType.HOLD_SET

    revision: str
    why: Said = ""


@dataclass(frozen=True, slots=True)
class HoldEnded(Fact):
    """Automation goes on."""

    TYPE = EventType.HOLD_ENDED

    why: Said = RESUMED

    @property
    def resumed(self) -> bool:
        """Whether a person ended the hold, and gave no other reason."""
        return self.why == RESUMED


@dataclass(frozen=True, slots=True)
class RevisionMarkedBad(Fact):
    """A revision is not deployed by itself any more. `by` is left out where the way back after bad health marked it."""

    TYPE = EventType.REVISION_MARKED_BAD

    revision: str
    by: Annotated[Actor | None, Mark.OPTIONAL] = None
    why: Said = ""


@dataclass(frozen=True, slots=True)
class StatusChanged(Fact):
    """The sync status changed, or why it is OutOfSync."""

    TYPE = EventType.STATUS_CHANGED

    before: Annotated[str, Named("from")]
    after: Annotated[str, Named("to")]
    divergence: str | None
    why: Said = ""


@dataclass(frozen=True, slots=True)
class HealthChanged(Fact):
    """The health changed."""

    TYPE = EventType.HEALTH_CHANGED

    before: Annotated[str, Named("from")]
    after: Annotated[str, Named("to")]
    why: Said = ""


@dataclass(frozen=True, slots=True)
class DriftDetected(Fact):
    """Live moved: an episode began. `paths` is a bounded sample, `count` counts all."""

    TYPE = EventType.DRIFT_DETECTED

    episode: int
    count: int
    paths: tuple[str, ...] = ()
    why: Said = ""


@dataclass(frozen=True, slots=True)
class DriftChanged(DriftDetected):
    """Other paths drift than before, in the same episode. `healed`: those that `by` has put right by a delivery, a
    bounded list."""

    TYPE = EventType.DRIFT_CHANGED

    healed: Annotated[tuple[str, ...], Mark.OPTIONAL] = ()
    by: Annotated[Actor | None, Mark.OPTIONAL] = None


@dataclass(frozen=True, slots=True)
class DriftAcknowledged(Fact):
    """Somebody knows about the drift."""

    TYPE = EventType.DRIFT_ACKNOWLEDGED
    SENTENCE: ClassVar[str] = "{by}"

    episode: int
    by: Actor


@dataclass(frozen=True, slots=True)
class DriftWrittenBack(Fact):
    """What drifted was committed to a branch. `paths` is a bounded list; the reason says why the commit is not live at
    once, and nothing where it is."""

    TYPE = EventType.DRIFT_WRITTEN_BACK

    episode: int
    revision: str
    branch: str
    by: Actor
    paths: tuple[str, ...] = ()
    why: Said = ""


@dataclass(frozen=True, slots=True)
class DriftEnded(Fact):
    """An episode is over. `revision`: the commit that wrote it back to Git."""

    TYPE = EventType.DRIFT_ENDED

    episode: int
    ending: str
    by: Actor
    revision: Annotated[str | None, Mark.OPTIONAL] = None
    why: Said = ""
