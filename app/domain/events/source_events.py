"""Events of repositories: commits that were noticed, refs that moved, webhooks that came or did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from app.domain.events.fact import EventType, Fact, Mark, Said


@dataclass(frozen=True, slots=True)
class RevisionNoticed(Fact):
    """Git's ref points at another commit. `commits`: how many it brings."""

    TYPE = EventType.REVISION_NOTICED
    SENTENCE: ClassVar[str] = "{subject}"

    revision: str
    before: str | None = None
    subject: str = ""
    commits: int = 0


@dataclass(frozen=True, slots=True)
class RefMoved(Fact):
    """A ref was force-pushed (`forced`), or is gone (`after` is null)."""

    TYPE = EventType.REF_MOVED

    ref: str
    before: str | None
    after: str | None
    forced: Annotated[bool, Mark.OPTIONAL] = False
    why: Said = ""


@dataclass(frozen=True, slots=True)
class SourceFailed(Fact):
    """A repository cannot be read. `result`: "unreachable" or "refused"; `credential`: the one it was asked with."""

    TYPE = EventType.SOURCE_FAILED

    repo_url: str
    result: str = ""
    credential: Annotated[str | None, Mark.OPTIONAL] = None
    why: Said = ""


@dataclass(frozen=True, slots=True)
class SourceRecovered(Fact):
    """A repository can be read again. `credential`: the one it was asked with."""

    TYPE = EventType.SOURCE_RECOVERED
    SENTENCE: ClassVar[str] = "{repo_url} answers again"

    repo_url: str
    credential: Annotated[str | None, Mark.OPTIONAL] = None


@dataclass(frozen=True, slots=True)
class WebhookReceived(Fact):
    """An authenticated webhook came. `heads`: {ref: commit} that it announced; the reason is the provider's event."""

    TYPE = EventType.WEBHOOK_RECEIVED
    SENTENCE: ClassVar[str] = "{event}"

    hook: str
    provider: str
    delivery: str
    heads: Mapping[str, Any]
    event: Said = ""


@dataclass(frozen=True, slots=True)
class WebhookMissed(Fact):
    """The poll found a commit whose webhook did not come."""

    TYPE = EventType.WEBHOOK_MISSED
    SENTENCE: ClassVar[str] = "the poll found {revision:.8}; its webhook never came"

    revision: str
    mode: str
    observe: Annotated[bool, Mark.OPTIONAL] = False


@dataclass(frozen=True, slots=True)
class PipelineMissed(Fact):
    """No pipeline or webhook asked to deliver a commit before `by`, a newer one, took its place."""

    TYPE = EventType.PIPELINE_MISSED
    SENTENCE: ClassVar[str] = "no pipeline or webhook brought {revision:.8} before {by:.8} took its place"

    revision: str
    mode: str
    by: str
    committed_at: str
    observe: Annotated[bool, Mark.OPTIONAL] = False
