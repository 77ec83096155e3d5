"""Revision news: a new head of Git's ref is recorded once per environment, whether a poll or a run sees it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain.environment import Environment, Mode
from app.domain.errors import Problem
from app.domain.events import Fact, NewEvent, about
from app.domain.events.source_events import PipelineMissed, RefMoved, RevisionNoticed
from app.domain.noticing import TOLD_AS, Noticing
from app.domain.operation import Outcome, Trigger
from app.domain.revision import UNDATED, Revision
from app.ports import DesiredStates, OperationFilter, Source, Transaction
from app.services.outcomes.commit_ends import GitLook, note_head
from app.services.outcomes.decisions import decision

PASSED_OVER = 200  # commits between two heads that are told one by one


@dataclass(frozen=True, slots=True)
class RevisionNews:
    """A head that is new to an environment. `between`: the commits that it brings, newest first, itself first;
    `forced`: the head before is no ancestor; `left_out`: the head before, where it differs from what is live;
    `misdated`: those of `between` that say they are older than their parents."""

    head: Revision
    between: tuple[Revision, ...] = ()
    forced: bool = False
    left_out: Revision | None = None
    misdated: frozenset[str] = frozenset()

    @property
    def passed(self) -> tuple[Revision, ...]:
        """Those of `between` that the ref could have pointed at on its way: along first parents, without the head."""
        there = {one.sha: one for one in self.between}
        found, one = [], there.get(self.head.sha)
        while one and one.parents and (one := there.get(one.parents[0])):
            found.append(one)
        return tuple(found)


def news(desired: DesiredStates, source: Source, environment: Environment, head: Revision) -> RevisionNews | None:
    """The news in the ref's head; None if the environment has noticed it already."""
    before = environment.status.noticed
    if before == head.sha:
        return None
    if before is None:
        return RevisionNews(head)
    between = source.between(before, head.sha, limit=PASSED_OVER)
    left_out = _left_out(desired, source, environment, before)
    return RevisionNews(
        head, between, not _follows(source, before, head.sha), left_out, _misdated(source, between, before)
    )


def _misdated(source: Source, between: Sequence[Revision], before: str) -> frozenset[str]:
    dates = {one.sha: one.committed_at for one in between if one.dated}
    try:
        dates[before] = source.resolve(before).committed_at
    except Problem:
        pass  # the mirror was cloned again, and does not know it
    return frozenset(
        one.sha for one in between if any(dates.get(parent, UNDATED) > one.committed_at for parent in one.parents)
    )


def _follows(source: Source, before: str, after: str) -> bool:
    try:
        return source.is_ancestor(before, after)
    except Problem:
        return False  # the mirror was cloned again, and nothing leads to it any more


def _left_out(desired: DesiredStates, source: Source, environment: Environment, before: str) -> Revision | None:
    live = environment.status.revision
    if live is None or live == before:
        return None
    try:
        differs = desired.id_at(environment, before) != desired.id_at(environment, live)
        return source.resolve(before) if differs else None
    except Problem:
        return None  # the mirror was cloned again, and does not know one of them


def noticed(
    tx: Transaction, environment: Environment, found: RevisionNews | None, look: GitLook
) -> tuple[Environment, list[NewEvent]]:
    """Note the news on the environment; returns it with the events to record, none if the head is not new."""
    before = environment.status.noticed
    if found is None or before == found.head.sha:
        return environment, []
    head, ref = found.head, environment.source.ref
    facts: list[Fact] = [RevisionNoticed(head.sha, before, head.subject, len(found.between))]
    if found.forced:
        facts.append(RefMoved(ref, before, head.sha, forced=True, why=f"{ref} was force-pushed"))
    events = [about(environment, fact) for fact in facts]
    overtaken = note_head(tx, environment, head, found.passed, replace(look, misdated=found.misdated))
    missed = None
    if environment.mode is Mode.PUSH and found.left_out and not _asked_for(tx, environment, found.left_out.sha):
        missed = found.left_out.sha
        events.append(_never_brought(environment, found.left_out, head))
    told = [one for one in overtaken if one.revision != missed and (one.seen or environment.mode is Mode.PULL)]
    events += [_overtaken(environment, one, head, look) for one in told]
    return replace(environment, status=replace(environment.status, noticed=head.sha, noticed_at=look.at)), events


def _overtaken(environment: Environment, one: Noticing, by: Revision, look: GitLook) -> NewEvent:
    """Event for a commit whose place a newer one took before it was delivered."""
    committed = one.committed_at.isoformat() if one.committed_at else None
    asked = TOLD_AS.get(look.by, Trigger.SCHEDULE).value
    return decision(
        environment, Outcome.SUPERSEDED, asked, f"superseded by {by.short} before it ran",
        revision=one.revision, by=by.sha, committed_at=committed,
    )  # fmt: skip


def _asked_for(tx: Transaction, environment: Environment, sha: str) -> bool:
    """Whether an operation for the commit was ever requested, with or without success."""
    if any(one.request.wanted == sha for one in tx.operations.queued(environment.id)):
        return True
    return bool(tx.operations.page(OperationFilter(environment_id=environment.id, revision=sha), 1, None).items)


def _never_brought(environment: Environment, left: Revision, by: Revision) -> NewEvent:
    """Event for a commit that was superseded before any pipeline or webhook requested it."""
    mode, observe = environment.mode.value, environment.policy.observe
    return about(environment, PipelineMissed(left.sha, mode, by.sha, left.committed_at.isoformat(), observe=observe))
