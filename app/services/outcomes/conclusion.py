"""How operations end: each through one writer, with one value that holds everything its end means.

A run returns a `Conclusion`; so does whatever cuts one short. `conclude` writes it inside one transaction: the
operation's row, the environment's status and next refresh, history, drift, and exactly one finish event and one finish
entry of the audit log. No other module gives an operation a final phase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from app.domain.actor import Actor
from app.domain.environment import Environment, Status
from app.domain.noticing import noticer
from app.domain.operation import Operation, Outcome, Phase
from app.domain.revision import Revision
from app.domain.state.drift import DriftReport
from app.domain.state.episode_report import KeptContent
from app.domain.status import SyncStatus
from app.ports import Transaction
from app.services.outcomes import commit_ends, drift_episodes, status_transitions
from app.services.outcomes.drift_episodes import DriftFound, DriftOver
from app.services.outcomes.operation_records import finished_entry, finished_event, is_quiet
from app.services.outcomes.revision_news import RevisionNews, noticed


class NextRefresh(Enum):
    """When the environment is compared next."""

    AS_PLANNED = "as planned"
    AT_ONCE = "at once"
    AFTER_INTERVAL = "after the refresh interval"


@dataclass(frozen=True, slots=True)
class WentLive:
    """A revision that a sync brought to the target. `moved`: another one was live before; `well`: it is healthy."""

    revision: Revision
    state: str
    moved: bool
    well: bool


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How an operation ends, and what follows from it for its environment.

    `status`: the environment's status as it becomes, from the environment as it is then; None where the end says
    nothing about the environment. `news`: a head of Git's ref that the run found, at `noticed_at`. `seen_at`: when the
    target was looked at; None: at the end. `by`: whom the audit entry names; None: who asked for the operation.
    `negligible`: a scheduled refresh leaves no trace unless this changes what is known. `walked`: the environment as
    the run saw it; of a source that was chosen meanwhile nothing is known, and it is looked at at once.
    `superseded_by`: the commit that took the place of this one.
    """

    phase: Phase
    outcome: Outcome | None = None
    reason: str = ""
    revision: str | None = None
    status: Callable[[Environment], Status] | None = None
    news: RevisionNews | None = None
    noticed_at: datetime | None = None
    live: WentLive | None = None
    episode: DriftFound | DriftOver | None = None
    drift: DriftReport | None = None
    contents: tuple[KeptContent, ...] = ()
    refresh: NextRefresh = NextRefresh.AS_PLANNED
    seen_at: datetime | None = None
    by: Actor | None = None
    negligible: bool = False
    walked: Environment | None = None
    superseded_by: str | None = None


def stopped(by: str) -> Conclusion:
    """The end of an operation that somebody stopped."""
    return Conclusion(Phase.TERMINATED, reason=f"stopped by {by}")


def conclude(tx: Transaction, operation: Operation, conclusion: Conclusion, at: datetime) -> Operation:
    """Write an operation's end; returns the operation as it ended."""
    ended = replace(
        operation,
        phase=conclusion.phase,
        outcome=conclusion.outcome,
        reason=conclusion.reason,
        revision=conclusion.revision or operation.revision,
        finished_at=at,
        worker=None,
    )
    tx.queue.remove(ended.id)
    telling = _settle(tx, ended, conclusion, at)
    commit_ends.end_with(tx, ended, conclusion.superseded_by)
    if conclusion.negligible and is_quiet(ended) and not telling:
        tx.operations.remove(ended.id)
        return ended
    tx.operations.save(ended)
    tx.ledger.append(at, [finished_event(ended)])
    tx.audit.append(at, finished_entry(ended, conclusion.by))
    return ended


def request_stop(tx: Transaction, operation: Operation, by: str) -> Operation:
    """Ask whoever runs an operation to stop it; its run ends it."""
    asked = replace(operation, termination_by=by)
    tx.operations.save(asked)
    return asked


def store_reported(tx: Transaction, operation: Operation, *, known: bool) -> None:
    """Store an operation as its agent reports it. The agent concluded it, and reports the event and the entry too."""
    if not known:
        tx.operations.add(replace(operation, phase=Phase.QUEUED))
    tx.operations.save(operation)


def _settle(tx: Transaction, ended: Operation, conclusion: Conclusion, at: datetime) -> bool:
    """Write what the end means for the environment; returns whether that is news."""
    if conclusion.status is None:
        return False
    seen_at = conclusion.seen_at or at
    environment = tx.environments.by_id(ended.environment_id)
    aside = conclusion.walked is not None and conclusion.walked.source != environment.source
    news = None if aside else conclusion.news
    commit_ends.settle(tx, environment, ended)
    look = commit_ends.GitLook(conclusion.noticed_at or at, noticer(ended))
    before, events = noticed(tx, environment, news, look)
    status = conclusion.status(before)
    if aside:
        status = replace(status, sync=SyncStatus.UNKNOWN, divergence=None)
    if conclusion.live:
        _write_history(tx, ended, conclusion.live, at)
    if conclusion.episode:
        episode, drifted = drift_episodes.follow(tx, before, conclusion.episode, ended)
        status, events = replace(status, drift_episode=episode), events + drifted
    if conclusion.drift:
        if status.drift_episode:
            drift_episodes.keep(tx, status.drift_episode, conclusion.drift, before.status.checked_at, seen_at)
            drift_episodes.keep_contents(tx, before, status.drift_episode, conclusion.contents)
        tx.drift.put(before.id, seen_at, replace(conclusion.drift, episode=status.drift_episode))
    events += status_transitions.status_events(before, status, ended.reason, ended.id)
    changed = bool(events) if ended.phase is Phase.SUCCEEDED else status.condition != before.status.condition
    noted = not (is_quiet(ended) and ended.phase is Phase.SUCCEEDED)
    status = status_transitions.ended(status, ended) if noted else status
    refresh = NextRefresh.AT_ONCE if aside else conclusion.refresh
    tx.environments.put_status(before.id, status, _due(before, refresh, seen_at))
    tx.ledger.append(seen_at, events)
    return changed


def _write_history(tx: Transaction, ended: Operation, live: WentLive, at: datetime) -> None:
    if live.moved:
        tx.history.went_live(ended, live.revision, live.state, at)
    if live.well:
        tx.history.mark_good(ended.environment_id, live.revision.sha, at)


def _due(environment: Environment, refresh: NextRefresh, seen_at: datetime) -> datetime | None:
    """When the environment is refreshed next; None: as planned."""
    if refresh is NextRefresh.AS_PLANNED:
        return None
    return seen_at + environment.refresh_interval() * (refresh is NextRefresh.AFTER_INTERVAL)
