"""Operations, the ledger, drift, history."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.web.api.fields import LateModel, Moment
from app.web.api.response_models.environment_models import Hold


class Stage(LateModel):
    """A stage of a delivery; open where it did not end."""

    name: Literal["committed", "visible", "noticed", "fetched", "rendered", "planned", "applied", "healthy"]
    started_at: Moment
    finished_at: Moment | None


class Changes(LateModel):
    """Numbers of files."""

    created: int
    updated: int
    deleted: int
    unchanged: int


class Progress(LateModel):
    """Paths worked on, of how many."""

    done: int
    total: int


class Pipeline(LateModel):
    """The pipeline run that pushed."""

    url: str
    id: str
    commit_time: Moment | None


class Operation(LateModel):
    """One run against one environment."""

    id: str
    environment: str
    mode: Literal["push", "pull"]
    kind: Literal["sync", "refresh"]
    trigger: Literal["pipeline", "webhook", "schedule", "agent", "manual", "rollback", "self_heal", "external"]
    initiated_by: str
    phase: Literal["queued", "running", "succeeded", "failed", "error", "terminated", "superseded"]
    from_revision: str | None
    revision: str | None
    wanted: str | None
    subject: str
    author: str
    outcome: str | None
    reason: str
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    stages: list[Stage]
    changes: Changes
    progress: Progress
    paths: list[dict[str, str]]
    only_paths: list[str]
    unsupported: list[dict[str, str]]
    pipeline: Pipeline | None
    retry_of: str | None
    webhook_missed: bool
    termination_by: str | None


class Event(LateModel):
    """An entry of the ledger."""

    id: int
    at: Moment
    environment: str | None
    operation: str | None
    type: str
    reason: str
    data: dict[str, Any]
    origin: dict[str, Any] | None = None


class OperationWithLog(Operation):
    """One run, with what the ledger says about it."""

    log: list[Event]


class DriftItem(LateModel):
    """A path that moved on the target."""

    path: str
    change: Literal["changed", "missing", "extra", "mode"]
    diff: str | None
    masked_lines: int | None = Field(
        description="Lines that would publish a secret if they were written back; null: too large to be looked through."
    )


class Drift(LateModel):
    """What moved on the target, as of `checked_at`."""

    environment: str
    revision: str | None
    checked_at: Moment | None
    items: list[DriftItem]
    count: int
    episode: int | None
    ignored: list[str]
    unmanaged: list[str]
    unmanaged_count: int


class Episode(LateModel):
    """A stretch of time in which live had moved; it began between `last_good_at` and `detected_at`. `paths` is a sample
    of what drifted, `count` counts all. `operation`: the run that ended it, or found it ended."""

    id: int
    environment: str
    mode: Literal["push", "pull"]
    revision: str | None
    last_good_at: Moment | None
    detected_at: Moment
    paths: list[str]
    count: int
    acknowledged_at: Moment | None
    acknowledged_by: str | None
    ended_at: Moment | None
    ending: Literal["healed", "adopted", "ignored", "superseded"] | None
    ended_by: str | None
    operation: str | None


class FoundChange(DriftItem):
    """A path that drifted in an episode, as it was seen last; changed between `changed_after` and `found_at`."""

    changed_after: Moment | None
    found_at: Moment


class EpisodeWithChanges(Episode):
    """An episode with what it keeps of its changes. `kept` is false for those of versions that kept nothing."""

    kept: bool
    items: list[FoundChange]
    branchable: list[str] = Field(description="Paths whose contents are kept, so that a branch can be made of them.")


class LeftOut(LateModel):
    """A file that was not written back because it looks like secrets; `masked_lines` is null where it is too large to
    be looked through."""

    path: str
    masked_lines: int | None


class WrittenBack(LateModel):
    """The commit that now holds what drifted. `operation`: the sync that records it as live; null where none follows,
    for the reason `waits`."""

    revision: str
    branch: str
    operation: Operation | None
    waits: str
    left_out: list[LeftOut]


class HistoryItem(LateModel):
    """A stretch in which a revision was live."""

    revision: str
    subject: str
    message: str
    author: str
    committed_at: Moment | None
    live_at: Moment | None
    left_at: Moment | None
    outcome: str
    initiated_by: str
    trigger: str
    operation: str
    good: bool
    bad: bool
    bad_reason: str
    current: bool


CommitEnd = Literal[
    "deployed", "no_op", "filtered", "observed", "superseded", "held", "refused", "failed", "unknown"
]  # fmt: skip


class Noticing(LateModel):
    """A commit that was noticed in an environment, and what became of it."""

    environment: str
    mode: Literal["push", "pull"]
    revision: str
    seen: bool
    committed_at: Moment | None
    visible_after: Moment | None
    pushed_at: Moment | None
    noticed_at: Moment
    noticed_by: Literal["poll", "refresh", "webhook", "pipeline", "person", "agent", "external"] | None
    end: CommitEnd | None
    ended_at: Moment | None
    operation: str | None
    superseded_by: str | None


class PlanItem(LateModel):
    """What would happen at a path."""

    path: str
    action: Literal["create", "update", "mode", "delete", "record", "keep"]
    diff: str | None


class PlannedCommit(LateModel):
    """A commit that a delivery brings."""

    revision: str
    subject: str
    author: str


class Preview(LateModel):
    """The plan of a rollback."""

    environment: str
    from_revision: str | None
    revision: str
    subject: str
    forward: bool
    items: list[PlanItem]
    count: int
    unmanaged: list[str]
    unmanaged_count: int


class ForwardPlan(Preview):
    """What a delivery would do. `drifted`: items whose change on the target it overwrites; `bad`: why the revision is
    marked bad, null where it is not; a `hold` refuses it unless it is overridden."""

    author: str
    up_to_date: bool = Field(description="It is live already, and nothing would change.")
    commits: list[PlannedCommit] = Field(description="Those that it brings, the newest first, 50 at most.")
    drifted: int
    hold: Hold | None
    bad: str | None
