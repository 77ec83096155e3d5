"""The commit of what stood on a target, where nobody has changed the same files meanwhile; and what is said of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from app.domain.actor import Actor
from app.domain.agents.wire import encode
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment
from app.domain.errors import NothingToWriteBack, RevisionNotFound, SecretsNotIncluded, WriteBackConflict
from app.domain.revision import Revision, author_called
from app.domain.state.items import printable
from app.ports import Edits, LiveItems, Source

WROTE_BACK = "drift.adopt"  # the audit log's word, older than the name
HEADS = "refs/heads/"
NAMED = 100  # paths in the audit log


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not written back because it looks like secrets. `secret_lines` is None where it is too large to
    be looked through."""

    path: str
    secret_lines: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What is written back from the live revision on, and what is left out because it looks like secrets."""

    live: str
    edits: Edits
    left_out: tuple[LeftOut, ...] = ()
    paths: tuple[str, ...] = field(default=())


def commit_onto(source: Source, branch: str, found: Found, text: str, actor: Actor) -> Revision:
    """Commit and push. Raises WriteBackConflict where the branch holds other changes of the same files."""
    parent = _parent(source, branch, found)
    message = f"{text}\n\nWritten back by {actor} in PushPull."
    commit = source.commit(branch, parent, found.edits, message, author_called(actor.name))
    if commit.sha == parent:
        raise NothingToWriteBack(f"{branch} holds exactly this already, as of {commit.short}.")
    return commit


def _parent(source: Source, branch: str, found: Found) -> str:
    try:
        head = source.resolve(HEADS + branch)
    except RevisionNotFound:
        return found.live
    if head.sha == found.live:
        return head.sha
    met = source.in_the_way(found.live, head, found.edits)
    if met is None:
        return head.sha
    path, other = printable(met.path), met.commit
    raise WriteBackConflict(
        f"'{path}' was changed on {branch} by {other.short} ({other.author.name}: {other.subject}), "
        f"which {found.live[:8]} does not hold. Deliver that commit, or write back to a new branch and merge it.",
        fields={"branch": f"holds {other.sha}, which changed '{path}' too"},
    )


def edits_of(make: Any, kept: LiveItems, left_out: Collection[LeftOut]) -> Edits:
    """The edits of what is kept. Raises SecretsNotIncluded where everything looks like secrets."""
    if not kept:
        named = ", ".join(f"'{one.path}'" for one in list(left_out)[:10])
        raise SecretsNotIncluded(
            f"What would be written back looks like secrets; all who read the repository could read it: {named}. "
            "Name the files to publish them all the same.",
            fields={"include_secrets": f"must name what is published all the same: {named}"},
        )
    edits: Edits = make(kept)
    if not edits:
        raise NothingToWriteBack()
    return edits


def written_back_entry(
    environment: Environment, branch: str, commit: Revision, found: Found, actor: Actor, episode: int | None = None
) -> NewAuditEntry:
    """What the audit log says of it. `episode`: the one that had ended when its changes were written back."""
    data: dict[str, Any] = {"environment": environment.name, "revision": commit.sha, "branch": branch}
    data |= {"paths": found.paths[:NAMED]}
    data |= {"left_out": [one.path for one in found.left_out[:NAMED]]} if found.left_out else {}
    data |= {"episode": episode} if episode else {}
    return NewAuditEntry(actor, WROTE_BACK, f"environment:{environment.name}", encode(data))
