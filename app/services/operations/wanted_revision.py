"""The revision that an environment should have, and the rules that refuse a delivery."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.environment import Environment, Hold, Mode
from app.domain.errors import Problem, RevisionNotFound
from app.domain.operation import AUTOMATIC, Operation, Outcome, Phase, Request, Trigger
from app.domain.revision import Revision, is_sha
from app.ports import DesiredState, Source, Transaction

ORDERED = frozenset({Trigger.PIPELINE, Trigger.WEBHOOK, Trigger.MANUAL})
UNATTENDED = AUTOMATIC | {Trigger.PIPELINE}


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision not to deliver."""

    phase: Phase
    outcome: Outcome
    reason: str


def find_revision(source: Source, environment: Environment, request: Request) -> tuple[Revision, bool]:
    """The commit that a request means, fetching where the mirror may be behind; and whether Git was asked.

    A commit that the mirror has needs no network, so a rollback works while the Git server is down; a branch is
    looked up on the remote first, except by the poll and by scans, which have just done so.
    """
    wanted = request.wanted or environment.source.ref
    known = _in_mirror(source, wanted) if is_sha(wanted) or request.trigger is Trigger.ROLLBACK else None
    if known:
        return known, False
    source.fetch()
    return source.resolve(wanted), True


def _in_mirror(source: Source, wanted: str) -> Revision | None:
    try:
        return source.resolve(wanted)
    except Problem:
        return None


def declared(environment: Environment, head: str | None, head_is_bad: bool) -> str | None:
    """The revision that live is compared with: the ref's commit, or the live one while a rollback pins it, while
    the ref's commit is marked bad, and while the ref is gone."""
    live = environment.status.revision
    if live and (environment.pinned or head_is_bad or head is None):
        return live
    return head


def ruling(
    tx: Transaction, environment: Environment, operation: Operation, revision: Revision, source: Source
) -> Ruling | None:
    """Why a sync must not go on, or None."""
    request, live = operation.request, environment.status.revision
    if tx.history.is_bad(environment.id, revision.sha) and request.trigger in UNATTENDED:
        return Ruling(Phase.FAILED, Outcome.HELD, f"{revision.short} is marked bad and is not deployed by itself")
    hold = environment.hold
    if hold and request.trigger in UNATTENDED and not newer_than_left(hold, revision.sha, source):
        return Ruling(Phase.FAILED, Outcome.HELD, f"on hold by {hold.owner}: {hold.reason or 'no reason given'}")
    older = live is not None and live != revision.sha and source.is_ancestor(revision.sha, live)
    asked = request.wanted is not None and request.trigger in ORDERED
    if older and asked and environment.mode is Mode.PUSH and not request.allow_older:
        reason = f"{(live or '')[:8]} is live and already contains {revision.short}"
        return Ruling(Phase.SUPERSEDED, Outcome.SUPERSEDED, reason)
    return None


def newer_than_left(hold: Hold, sha: str, source: Source) -> bool:
    """Whether a commit ends the hold that a rollback set: it descends from the revision that was left."""
    left = hold.left_revision
    return left is not None and left != sha and source.is_ancestor(left, sha)


def emptiness(environment: Environment, desired: DesiredState, nouns: str) -> Ruling | None:
    """Why an empty desired state is refused, or None. `nouns`: many of what is delivered, such as "files"."""
    if not desired.empty or environment.policy.allow_empty:
        return None
    place = f"'{environment.source.path}'" if environment.source.path else "the repository"
    reason = f"{place} holds no {nouns} at {desired.revision[:8]}; nothing was pruned (allow_empty is off)"
    return Ruling(Phase.FAILED, Outcome.REFUSED, reason)


def head_of(source: Source, environment: Environment) -> Revision | None:
    """The head of the environment's ref in the mirror; None where the ref is gone."""
    try:
        return source.resolve(environment.source.ref)
    except RevisionNotFound:
        return None
