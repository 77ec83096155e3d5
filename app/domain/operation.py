"""One run against one environment, from its trigger to its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.agents.wire import WIRE_NAME


class OperationKind(StrEnum):
    """`refresh` stops at the plan; `sync` goes on."""

    REFRESH = "refresh"
    SYNC = "sync"


class Trigger(StrEnum):
    """What started it."""

    PIPELINE = "pipeline"
    WEBHOOK = "webhook"
    SCHEDULE = "schedule"
    AGENT = "agent"
    MANUAL = "manual"
    ROLLBACK = "rollback"
    SELF_HEAL = "self_heal"
    EXTERNAL = "external"  # another system delivered, and told us of it


AUTOMATIC = frozenset({Trigger.WEBHOOK, Trigger.SCHEDULE, Trigger.AGENT, Trigger.SELF_HEAL})


class Phase(StrEnum):
    """Where it is. `failed`: the target refused; `error`: we could not run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ERROR = "error"
    TERMINATED = "terminated"
    SUPERSEDED = "superseded"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self not in (Phase.QUEUED, Phase.RUNNING)


class Outcome(StrEnum):
    """The decision an operation, a poll or a webhook ended in."""

    DEPLOYED = "deployed"
    ROLLED_BACK = "rolled_back"
    HEALED = "healed"
    NO_OP = "no_op"  # that revision is live already
    COMPARED = "compared"  # a refresh that found live equal to desired
    OUT_OF_SYNC = "out_of_sync"  # a refresh that did not
    HELD = "held"
    SUPERSEDED = "superseded"
    FILTERED = "filtered"  # the commit does not touch this environment's path
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"
    NUDGED = "nudged"  # a webhook on a pull environment brought the poll forward
    OBSERVED = "observed"  # a shadow said what it would have done

    @property
    def changed_live(self) -> bool:
        """Whether the operation changed what is live, and well."""
        return self in (Outcome.DEPLOYED, Outcome.ROLLED_BACK, Outcome.HEALED)


class StageName(StrEnum):
    """Lead time's stages, in order."""

    COMMITTED = "committed"
    VISIBLE = "visible"
    NOTICED = "noticed"
    FETCHED = "fetched"
    RENDERED = "rendered"
    PLANNED = "planned"
    APPLIED = "applied"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `committed` is the second that the commit names; `visible` an interval: from the last look at which
    the remote did not show the commit (or the commit time) to the first at which it did; `noticed` is the instant we
    learned of it; `rendered` is when the desired state was made of the commit."""

    name: StageName
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Numbers of files."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def any(self) -> bool:
        """Whether the target was touched."""
        return bool(self.created or self.updated or self.deleted)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The pipeline run that pushed, as it described itself."""

    url: str = ""
    id: str = ""
    commit_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Asks for an operation. `wanted` is a revision, branch or tag; None means the environment's own ref.

    `allow_older`: an ancestor of the live revision may be deployed. `left_revision`: set by a rollback.
    `override_hold`: it is done although automation is on hold. `spares_drift`: what drifted is left as it is, except
    where the revision changes it. `paths`: of what drifted only this is put right (empty: all of it).
    `forward`: of a rollback, that it leads to a revision which contains the live one.
    `noticed_at` and `visible_after` (last look without the commit) feed the stages.
    """

    kind: OperationKind
    trigger: Trigger
    initiated_by: str
    wanted: str | None = None
    reason: str = ""
    pipeline: Pipeline | None = None
    allow_older: bool = False
    left_revision: str | None = None
    noticed_at: datetime | None = None
    visible_after: datetime | None = None
    retry_of: str | None = None
    webhook_missed: bool = False
    override_hold: bool = False
    spares_drift: bool = False
    paths: tuple[str, ...] = ()
    forward: bool = False

    @property
    def goes_back(self) -> bool:
        """Whether it leads away from what is live to what was."""
        return self.trigger is Trigger.ROLLBACK and not self.forward


@dataclass(frozen=True, slots=True)
class PlannedPath:
    """One path of a plan, and what a sync does there: an Action's value."""

    path: str
    action: str


@dataclass(frozen=True, slots=True)
class UnsupportedPath:
    """Something in the tree that is not delivered as it is meant: `kind` as of
    app.domain.state.items.Unsupported."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class OperationDetail:
    """What an operation found. `paths`: a bounded part of its plan; `state`: the id of the desired state; `would`: what
    a shadow would have changed; `unmanaged`: how many paths a comparison found that were never delivered; `attempts`:
    how often it was repeated after an interruption."""

    paths: tuple[PlannedPath, ...] = ()
    state: str | None = field(default=None, metadata={WIRE_NAME: "tree"})
    would: Changes | None = None
    unsupported: tuple[UnsupportedPath, ...] = ()
    unmanaged: int | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on an operation: the part of it that other transactions change while it runs."""

    phase: Phase
    worker: str | None = None
    heartbeat_at: datetime | None = None
    termination_by: str | None = None

    def held_by(self, worker: str | None) -> bool:
        """Whether the operation is still this worker's to run."""
        return self.phase is Phase.RUNNING and self.worker == worker


@dataclass(frozen=True, slots=True)
class Operation:
    """One run. `id` is a ULID: unique, and sorted by time of creation."""

    id: str
    environment_id: int
    environment: str
    mode: str
    request: Request
    phase: Phase
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    from_revision: str | None = None
    revision: str | None = None
    subject: str = ""
    author: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    stages: tuple[Stage, ...] = ()
    changes: Changes = field(default_factory=Changes)
    total: int = 0  # paths the plan works on; 0 until planned
    done: int = 0  # paths worked on so far
    termination_by: str | None = None
    worker: str | None = None
    heartbeat_at: datetime | None = None
    detail: OperationDetail = OperationDetail()

    @property
    def kind(self) -> OperationKind:
        """Refresh or sync."""
        return self.request.kind

    @property
    def trigger(self) -> Trigger:
        """What started it."""
        return self.request.trigger

    def stage(self, name: StageName) -> Stage | None:
        """One stage by name, None where it was not reached."""
        return next((stage for stage in self.stages if stage.name is name), None)
