"""Every noticed commit has one end: written where it is noticed, where its delivery ends, and where it is overtaken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.environment import Environment
from app.domain.noticing import CommitEnd, Noticer, Noticing, end_of, noticer
from app.domain.operation import Operation, OperationKind, StageName, Trigger
from app.domain.revision import Revision, is_sha
from app.domain.webhook.hook_names import hooks_of
from app.ports import Transaction

GOING_BACK = (Trigger.ROLLBACK, Trigger.SELF_HEAL)  # they bring what is known already


@dataclass(frozen=True, slots=True)
class GitLook:
    """A look at Git: when, whose, when the look before it was, where that is known, and which commits tell a date that
    cannot be."""

    at: datetime
    by: Noticer
    before: datetime | None = None
    misdated: frozenset[str] = frozenset()


def note_head(
    tx: Transaction, environment: Environment, head: Revision, passed: Sequence[Revision], look: GitLook
) -> list[Noticing]:
    """Note a new head of Git's ref, and the commits on the way to it that were never seen at the top. Returns those
    that the head overtook, with their end: no delivery of theirs was under way."""
    after = _looked_before(tx, environment, head, look)
    found = [_unseen(environment, one, head, look, after) for one in reversed(passed)]
    pushed = tx.inbox.pushed_at(hooks_of(environment), head.sha)
    added = tx.noticings.add([*found, replace(_noticing(environment, head, look, after), pushed_at=pushed)])
    ended = [one for one in added if one.revision != head.sha]
    if environment.status.revision == head.sha:
        end(tx, environment.id, head.sha, CommitEnd.NO_OP, look.at)
    busy = _under_way(tx, environment)
    for one in tx.noticings.without_end(environment.id):
        if one.revision != head.sha and one.revision not in busy:
            overtaken = one.ended(CommitEnd.SUPERSEDED, look.at, superseded_by=head.sha)
            if overtaken:
                tx.noticings.save(overtaken)
                ended.append(overtaken)
    return ended


def settle(tx: Transaction, environment: Environment, ended: Operation) -> None:
    """Note the commit that a sync was about, unless it is known, and the end that the sync's end means for it."""
    if ended.kind is OperationKind.REFRESH or ended.trigger in GOING_BACK or ended.revision is None:
        return
    pushed = tx.inbox.pushed_at(hooks_of(environment), ended.revision)
    tx.noticings.add([replace(_asked_for(environment, ended, ended.revision), pushed_at=pushed)])
    live = environment.status.revision
    if end_of(ended) is CommitEnd.SUPERSEDED and ended.finished_at:  # it came when a newer one was live
        end(
            tx, environment.id, ended.revision, CommitEnd.SUPERSEDED, ended.finished_at,
            operation=ended.id, superseded_by=live,
        )  # fmt: skip


def end_with(tx: Transaction, ended: Operation, superseded_by: str | None) -> None:
    """Write what the end of a sync means for its commit, where that was noticed."""
    ending, wanted = end_of(ended), ended.request.wanted
    sha = ended.revision or (wanted if wanted and is_sha(wanted) else None)
    if ending and sha and ended.finished_at:
        by = superseded_by if ending is CommitEnd.SUPERSEDED else None
        end(tx, ended.environment_id, sha, ending, ended.finished_at, operation=ended.id, superseded_by=by)


def end(
    tx: Transaction,
    environment_id: int,
    revision: str,
    ending: CommitEnd,
    at: datetime,
    *,
    operation: str = "",
    superseded_by: str | None = None,
) -> bool:
    """Write a commit's end, unless as much or more is known already; whether it was written."""
    known = tx.noticings.get(environment_id, revision)
    ended = known.ended(ending, at, operation, superseded_by) if known else None
    if ended is None:
        return False
    tx.noticings.save(ended)
    return True


def give_up(tx: Transaction, environment: Environment, at: datetime) -> None:
    """End what waits for a delivery: a person asks for something else from now on, or for nothing."""
    busy = _under_way(tx, environment)
    for one in tx.noticings.without_end(environment.id):
        given_up = one.ended(CommitEnd.REFUSED, at)
        if given_up and one.revision not in busy:
            tx.noticings.save(given_up)


def _under_way(tx: Transaction, environment: Environment) -> set[str | None]:
    """The commits that a queued or running sync brings."""
    running = tx.operations.active(environment.id)
    active: Iterable[Operation] = (*tx.operations.queued(environment.id), *((running,) if running else ()))
    return {name for one in active if one.kind is OperationKind.SYNC for name in (one.revision, one.request.wanted)}


def _noticing(environment: Environment, revision: Revision, look: GitLook, after: datetime | None) -> Noticing:
    dated = revision.dated and revision.committed_at <= look.at and revision.sha not in look.misdated
    return Noticing(
        environment.id,
        environment.name,
        environment.mode.value,
        revision.sha,
        look.at,
        look.by,
        observe=environment.policy.observe,
        committed_at=revision.committed_at if dated else None,
        visible_after=after,
    )


def _unseen(
    environment: Environment, revision: Revision, head: Revision, look: GitLook, after: datetime | None
) -> Noticing:
    """A commit below the head that nobody saw at the top of the ref: noticed and overtaken by one look."""
    made = replace(_noticing(environment, revision, look, after), seen=False, superseded_by=head.sha)
    return replace(made, ending=CommitEnd.SUPERSEDED, ended_at=look.at)


def _asked_for(environment: Environment, operation: Operation, revision: str) -> Noticing:
    """A commit that somebody asked for before Git's ref was looked at."""
    committed, visible, noticed = (
        operation.stage(name) for name in (StageName.COMMITTED, StageName.VISIBLE, StageName.NOTICED)
    )
    before = visible.started_at if visible else None
    if before and committed and before <= committed.started_at:
        before = None  # nobody looked: it stands for the commit's own time
    at = noticed.started_at if noticed else operation.created_at
    return Noticing(
        environment.id,
        environment.name,
        operation.mode,
        revision,
        at,
        noticer(operation),
        observe=environment.policy.observe,
        committed_at=committed.started_at if committed else None,
        visible_after=before if before and before < at else None,
    )


def _looked_before(tx: Transaction, environment: Environment, head: Revision, look: GitLook) -> datetime | None:
    """The last look that did not show a new head: the one that showed the head before, or a later one at the refs."""
    looks = [look.before, environment.status.noticed_at]
    if look.before is None:
        known = tx.repositories.get(environment.source.repo_url, environment.source.credential)
        if known and head.sha not in known.heads.values():
            looks.append(known.looked_at)
    return max((one for one in looks if one and one < look.at), default=None)
