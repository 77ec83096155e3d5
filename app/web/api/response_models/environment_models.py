"""Environments."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.web.api.fields import LateModel, Moment


class Source(LateModel):
    """Where desired state comes from."""

    repo_url: str
    ref: str
    path: str
    credential: str | None = None
    lfs: bool = Field(description="Whether objects of Git LFS are delivered in the place of their pointers.")
    submodules: bool = Field(description="Whether the files of submodules are delivered.")
    attributes: bool = Field(description="Whether `eol` and `export-ignore` of `.gitattributes` are applied.")


class External(LateModel):
    """The system that delivers in our place, and what it calls the environment ("": it tells of no other)."""

    system: str
    name: str


class Hold(LateModel):
    """Automation stopped by a person."""

    owner: str
    reason: str
    created_at: Moment
    expires_at: Moment | None
    left_revision: str | None


class Status(LateModel):
    """What is known about an environment. A verdict that is too old reads Unknown."""

    sync: Literal["Synced", "OutOfSync", "Unknown"]
    health: Literal["Healthy", "Progressing", "Degraded", "Missing", "Suspended", "Unknown"]
    revision: str | None
    subject: str
    author: str
    live_since: Moment | None
    divergence: Literal["new_revision", "drift"] | None
    noticed: str | None
    noticed_at: Moment | None
    last_good: str | None
    checked_at: Moment | None
    expires_at: Moment | None
    files: int
    drift_count: int
    episode: int | None
    operation: str | None
    last_outcome: str | None
    last_reason: str
    last_finished_at: Moment | None
    hold: Hold | None
    heard_at: Moment | None
    message: str


class Unsupported(LateModel):
    """Not delivered as it is meant: a "submodule", an "lfs_pointer", "gitattributes" that ask for `eol` or
    `export-ignore`, or a "conversion" that they ask for and nothing applies."""

    path: str
    kind: str


class Environment(LateModel):
    """An environment: its specification and its status. `undelivered`: what of the live revision is not delivered as
    it is meant; `retry_at`: when a delivery that did not get through is tried again. Both are not in lists."""

    name: str
    mode: Literal["push", "pull"]
    runs_on: Literal["server", "agent", "external"]
    external: External | None = None
    source: Source
    target: dict[str, Any]
    policy: dict[str, Any]
    labels: dict[str, str]
    status: Status
    agent: str | None
    created_at: Moment | None
    version: int
    undelivered: list[Unsupported] | None = None
    retry_at: Moment | None = Field(
        None, description="When automation tries the pending revision again; null where nothing does, and in lists."
    )


class Side(LateModel):
    """How an environment is delivered to."""

    mode: Literal["push", "pull"]
    runs_on: Literal["server", "agent"]
    agent: str | None
    target: dict[str, Any]
    auto_sync: bool
    credential: str | None


class Switch(LateModel):
    """What was switched. `effects` and `carried` say in sentences what is different now, and what is not;
    `left_behind` what stays where it was and is known to nobody any more."""

    at: Moment | None
    by: str
    reason: str
    from_: Side = Field(alias="from")
    to: Side
    effects: list[str]
    carried: list[str]
    left_behind: list[str]


class Edited(Environment):
    """An environment that was just edited. `left_behind`: what stays at the target before, in sentences."""

    left_behind: list[str]


class Switched(Environment):
    """An environment that was just switched."""

    switch: Switch


class ShadowPair(LateModel):
    """A commit: when it was live, when the shadow would have begun to apply it, and how much later that was."""

    revision: str
    subject: str
    environment: str
    shadow: str
    live_at: Moment | None
    would_at: Moment | None
    difference_s: float | None


class Trouble(LateModel):
    """What is wrong, with a stable code."""

    code: str
    detail: str


class Probe(LateModel):
    """What a look at a repository found. `problem`: why it cannot be used, null where it can."""

    reachable: bool
    problem: Trouble | None
    branches: list[str]
    tags: list[str]
    default_branch: str | None
    revision: str | None
    subject: str | None
    files: int
    unsupported: list[Unsupported]


class Hook(LateModel):
    """A webhook's secret, shown this once, and the addresses to give to the provider."""

    hook: str
    secret: str
    urls: dict[str, str]
