"""An environment: a source, a target, a delivery mode and a policy, under one name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.agents.protocol import GRACE
from app.domain.agents.wire import WIRE_NAME
from app.domain.status import CLEAR, Condition, Divergence, Health, SyncStatus

AHEAD = timedelta(minutes=1)  # clocks of two machines may differ by so much
LEAST_LOOK_S = 15
FAILED = ("failed", "refused", "error")  # outcomes and phases


class Mode(StrEnum):
    """Who starts a delivery: a pipeline, or an agent reading Git."""

    PUSH = "push"
    PULL = "pull"


class RunsOn(StrEnum):
    """Where the work is done. `external`: by another system, which tells us of it."""

    SERVER = "server"
    AGENT = "agent"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Content:
    """What is made of files that only stand for others: the objects of Git LFS in the place of their pointers, the
    files of submodules, and what `.gitattributes` ask for (eol, export-ignore). Without it files are delivered as they
    lie in Git."""

    lfs: bool = False
    submodules: bool = False
    attributes: bool = False

    def __bool__(self) -> bool:
        return self.lfs or self.submodules or self.attributes

    def chosen(self) -> tuple[str, ...]:
        """The names of what is chosen."""
        return tuple(name for name in CONTENT if getattr(self, name))

    def covers(self, kind: str) -> bool:
        """Whether what would else be Unsupported, of this kind, is delivered."""
        return any(CONTENT[name] == kind for name in self.chosen())


CONTENT = {"lfs": "lfs_pointer", "submodules": "submodule", "attributes": "gitattributes"}  # kinds of Unsupported


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where desired state comes from. `ref` is a branch, tag or commit; `path` a directory, "" for the whole tree."""

    repo_url: str
    ref: str = "main"
    path: str = ""
    credential: str | None = None
    content: Content = Content()


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """The place. `kind` selects the adapter (app/targets); `options` are that kind's own fields."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any = None) -> Any:
        """One of the kind's own fields."""
        return self.options.get(name, default)


@dataclass(frozen=True, slots=True)
class ExternalSpec:
    """Who delivers in our place. `system`: a name of the registry (app/domain/external); `name`: what the system calls
    this environment ("" where all that it tells is about this one)."""

    system: str
    name: str = ""

    def target(self) -> TargetSpec:
        """It as an environment keeps it: the place is the system's business."""
        return TargetSpec(RunsOn.EXTERNAL.value, {"system": self.system, "name": self.name})


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Asked after every sync, forward and back. `kind`: "http" (url, expect_status), "tcp" (host, port) or
    "command" (command). It is repeated every `interval_s` until it passes or `deadline_s` is over. `seen_from`: whether
    http and tcp are asked from this "server" or from the "target"'s machine, where commands always run."""

    kind: str
    url: str = ""
    expect_status: int = 200
    host: str = ""
    port: int = 0
    command: tuple[str, ...] = ()
    seen_from: str = "server"
    timeout_s: float = 5.0
    interval_s: float = 1.0
    deadline_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Hook:
    """A command run before ("pre") or after ("post") the target changes; an argv, never a shell line."""

    when: str
    command: tuple[str, ...]
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Drift at paths matching the glob `path` is accepted until `expires_at` (None: until the rule is removed)."""

    path: str
    owner: str = ""
    reason: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens by itself. `interval_s`: poll of the source; `refresh_interval_s`: drift scan.

    `auto_sync` deploys what a poll finds (in a push environment: what no webhook or pipeline brought). `observe` plans
    and tells what would be done, and changes nothing on the target.
    """

    interval_s: int = 60
    refresh_interval_s: int = 300
    auto_sync: bool = True
    prune: bool = True
    self_heal: bool = False
    allow_empty: bool = False
    auto_rollback: bool = False
    observe: bool = False
    ignore: tuple[IgnoreRule, ...] = ()
    health_check: HealthCheck | None = None
    hooks: tuple[Hook, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Automation stopped by a person. `left_revision` is set by a rollback: it is bad, and a commit newer than it
    ends the hold."""

    owner: str
    reason: str
    created_at: datetime
    expires_at: datetime | None = None
    left_revision: str | None = None

    def over(self, now: datetime) -> bool:
        """Whether the hold has expired."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Status:
    """What is known about an environment, and since when.

    `revision` is live; `noticed` is what the source's ref points at, as last seen. `checked_at` is the time of the
    last full comparison; `expires_at` the moment from which its verdict reads Unknown.
    """

    sync: SyncStatus = SyncStatus.UNKNOWN
    health: Health = Health.UNKNOWN
    divergence: Divergence | None = None
    revision: str | None = None
    subject: str = ""
    author: str = ""
    live_since: datetime | None = None
    noticed: str | None = None
    noticed_at: datetime | None = None
    last_good: str | None = None
    checked_at: datetime | None = None
    expires_at: datetime | None = None
    files: int = 0  # delivered files
    drift_count: int = 0
    drift_episode: int | None = None
    operation: str | None = None  # the one that is queued or running, if any
    last_outcome: str | None = None
    last_reason: str = ""
    last_finished_at: datetime | None = None
    webhook_judged: str | None = None  # the noticed commit for which the webhook was judged to have come or not
    failures: int = 0  # syncs that failed in a row
    heard_at: datetime | None = None  # where an agent or another system does the work: when it was heard of last
    condition: Condition = field(default=CLEAR, metadata={WIRE_NAME: "message"})

    @property
    def failed(self) -> bool:
        """Whether the last operation failed, was refused, or could not run."""
        return self.last_outcome in FAILED

    @property
    def unwell(self) -> bool:
        """Whether what was delivered is missing or does not work."""
        return self.health in (Health.DEGRADED, Health.MISSING)

    def sync_at(self, now: datetime) -> SyncStatus:
        """The verdict as it may be shown at `now`: stale verdicts read Unknown, and those from the future, because the
        clock was set back since and nobody knows how old they are."""
        fresh = self.expires_at is not None and now < self.expires_at
        future = self.checked_at is not None and self.checked_at > now + AHEAD
        return SyncStatus.UNKNOWN if self.sync is SyncStatus.SYNCED and (future or not fresh) else self.sync


@dataclass(frozen=True, slots=True)
class Environment:
    """One registered environment. `id` never changes and is never used again; `version` grows with each edit."""

    id: int
    name: str
    mode: Mode
    source: SourceSpec
    target: TargetSpec
    policy: Policy = field(default_factory=Policy)
    runs_on: RunsOn = RunsOn.SERVER
    agent: str | None = None  # id of the agent that works for it
    labels: Mapping[str, str] = field(default_factory=dict)
    status: Status = field(default_factory=Status)
    hold: Hold | None = None
    created_at: datetime | None = None
    version: int = 1
    git_seen_at: datetime | None = None  # when Git was last read for it here; None where that never was, or is not here

    @property
    def external(self) -> ExternalSpec | None:
        """The system that delivers in our place; None where we do."""
        if self.runs_on is not RunsOn.EXTERNAL:
            return None
        return ExternalSpec(str(self.target.option("system", "")), str(self.target.option("name", "")))

    @property
    def pinned(self) -> bool:
        """Whether a rollback holds it at the live revision, so that Git's ref is not what it should have."""
        return self.hold is not None and self.hold.left_revision is not None

    def silent(self, now: datetime) -> bool:
        """Whether an agent should work for it and was not heard of for longer than its interval and a grace."""
        if self.runs_on is not RunsOn.AGENT:
            return False
        heard, patience = self.status.heard_at, timedelta(seconds=self.policy.interval_s) + GRACE
        return self.agent is None or heard is None or abs(now - heard) > patience

    def unseen(self, now: datetime) -> bool:
        """Whether Git was read too long ago to say that live equals it, whatever stopped the polls."""
        seen = self.git_seen_at
        return seen is not None and not seen - AHEAD <= now < seen + self.look_lifetime()

    def look_lifetime(self) -> timedelta:
        """How long a look at Git may be believed: three poll intervals, at least fifteen seconds."""
        return timedelta(seconds=max(LEAST_LOOK_S, 3 * self.policy.interval_s))

    def sync_at(self, now: datetime) -> SyncStatus:
        """The verdict as it may be shown at `now`: a stale one, and any of a silent agent, reads Unknown, as does that
        live equals a Git that was not read lately."""
        if self.silent(now) or (self.status.sync is SyncStatus.SYNCED and self.unseen(now)):
            return SyncStatus.UNKNOWN
        return self.status.sync_at(now)

    def health_at(self, now: datetime) -> Health:
        """The health as it may be shown at `now`: unknown where its agent is silent, or what others told is old."""
        expires = self.status.expires_at
        old = self.external is not None and (expires is None or expires <= now)
        return Health.UNKNOWN if old or self.silent(now) else self.status.health

    def refresh_interval(self) -> timedelta:
        """From one comparison to the next."""
        return timedelta(seconds=self.policy.refresh_interval_s)

    def verdict_lifetime(self) -> timedelta:
        """How long a comparison may be believed: two refresh intervals, at least ten seconds."""
        return timedelta(seconds=max(10, 2 * self.policy.refresh_interval_s))
