"""The revision that an environment should have, and the rules that refuse a delivery."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.environment import Environment, Hold, Mode, RunsOn
from app.domain.errors import Problem, RevisionNotFound
from app.domain.operation import AUTOMATIC, Operation, Outcome, Phase, Request, Trigger
from app.domain.revision import Revision, is_sha
from app.ports import DesiredState, RefTip, Source, Transaction

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
    wanted, ref = request.wanted or environment.source.ref, environment.source.ref
    if request.trigger is Trigger.WEBHOOK and environment.runs_on is RunsOn.AGENT:
        return _announced(source, ref, wanted), True  # whoever works beside the source looks before it asks
    known = _in_mirror(source, wanted) if is_sha(wanted) or request.trigger is Trigger.ROLLBACK else None
    if known:
        return known, False
    if wanted == ref and not is_sha(wanted):
        return source.look(ref).revision, True
    source.fetch(ref, wanted)
    return source.resolve(wanted), True


def _announced(source: Source, ref: str, sha: str) -> Revision:
    """What Git's ref points at, where that is or contains the commit that a webhook announced."""
    tip = source.look(ref)
    if not contains(source, tip, source.resolve(sha)):
        raise RevisionNotFound(not_contained(tip, sha))
    return tip.revision


def contains(source: Source, tip: RefTip, commit: Revision) -> bool:
    """Whether a commit is a ref's head or one before it."""
    return commit.sha == tip.revision.sha or source.is_ancestor(commit.sha, tip.revision.sha)


def not_contained(tip: RefTip, sha: str) -> str:
    """Says that a ref does not hold what was announced for it."""
    return f"{tip.name} is at {tip.revision.short}, which does not contain {sha[:8]}"


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
    request = operation.request
    if tx.history.is_bad(environment.id, revision.sha) and request.trigger in UNATTENDED:
        return Ruling(Phase.FAILED, Outcome.HELD, f"{revision.short} is marked bad and is not deployed by itself")
    hold = environment.hold
    stops = request.trigger in UNATTENDED | {Trigger.MANUAL} and not request.override_hold
    if hold and stops and not newer_than_left(hold, revision.sha, source):
        return Ruling(Phase.FAILED, Outcome.HELD, f"on hold by {hold.owner}: {hold.reason or 'no reason given'}")
    return None


def outdated(source: Source, environment: Environment, request: Request, revision: Revision) -> Ruling | None:
    """Why a revision comes too late, or None. What Git's ref points at is never late, also where it went back."""
    if request.wanted is None or request.trigger not in ORDERED or environment.mode is not Mode.PUSH:
        return None
    announced = request.trigger is Trigger.WEBHOOK
    head = head_of(source, environment) if announced else None
    if head and not contains(source, RefTip(environment.source.ref, head), revision):
        reason = not_contained(RefTip(environment.source.ref, head), revision.sha)
        return Ruling(Phase.SUPERSEDED, Outcome.SUPERSEDED, reason)
    live = environment.status.revision
    older = live is not None and live != revision.sha and source.is_ancestor(revision.sha, live)
    if not older or request.allow_older:
        return None
    head = head if announced else _asked_head(source, environment)
    if head and head.sha == revision.sha:
        return None
    reason = f"{(live or '')[:8]} is live and already contains {revision.short}"
    return Ruling(Phase.SUPERSEDED, Outcome.SUPERSEDED, reason)


def _asked_head(source: Source, environment: Environment) -> Revision | None:
    """The ref's head as Git tells it now; None where it does not."""
    try:
        return source.look(environment.source.ref).revision
    except Problem:
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


def catch_up(source: Source, environment: Environment) -> None:
    """Fetch where the mirror has not seen what is noticed: another server looked, with a mirror of its own."""
    noticed = environment.status.noticed
    if noticed and _in_mirror(source, noticed) is None:
        source.fetch()


def head_of(source: Source, environment: Environment) -> Revision | None:
    """The head of the environment's ref in the mirror; None where the ref is gone, and where the mirror is behind
    what was noticed and cannot be brought up to date."""
    head, noticed = _in_mirror(source, environment.source.ref), environment.status.noticed
    if head is not None and (noticed in (None, head.sha) or _in_mirror(source, noticed)):
        return head
    try:
        catch_up(source, environment)
    except Problem:
        return None
    try:
        return source.resolve(environment.source.ref)
    except RevisionNotFound:
        return None
