"""Reporting repositories: each write of a use case also puts a report into the outbox, in the same transaction.

Scheduled refreshes without news and drift reports that equal the one before are not reported. A
status or a running operation takes the place of its unsent predecessor; events, history and the log never do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.domain.agents.protocol import Instant, ReportKind
from app.domain.agents.wire import encode
from app.domain.audit import AuditEntry, NewAuditEntry
from app.domain.environment import Environment, Hold, RunsOn, Status
from app.domain.events import Event, NewEvent
from app.domain.events.source_events import SourceFailed, SourceRecovered
from app.domain.noticing import Noticing
from app.domain.operation import Operation, OperationKind, Trigger
from app.domain.revision import Revision
from app.domain.state.drift import DriftReport, Ending, Episode
from app.store import tables
from app.store.agent_side.outbox import SqlOutbox
from app.store.cipher import Cipher
from app.store.environments.environment_repository import SqlEnvironments
from app.store.noticing_repository import SqlNoticings
from app.store.repositories.audit_repository import SqlAudit
from app.store.repositories.drift_repository import SqlDriftItems, SqlEpisodes
from app.store.repositories.history_repository import SqlHistory
from app.store.repositories.ledger_repository import SqlLedger
from app.store.repositories.operation_repository import SqlOperations

DIFFS = 200_000  # characters of diffs in one drift report on its way
ITEMS = 1000
WRITTEN_S = 60.0
QueueReport = Callable[..., None]


def report_queue(outbox: SqlOutbox, instant: Callable[[], Instant]) -> QueueReport:
    """A function that puts a report into the outbox: (environment id, kind, data, at=None, key="")."""

    def queue_report(environment: int, kind: ReportKind, data: Any, at: datetime | None = None, key: str = "") -> None:
        now = instant()
        age = (now.at - (at or now.at)).total_seconds()  # it happened a moment before it is written down
        mono_s = now.mono_s - (age if 0 <= age <= WRITTEN_S else 0)
        outbox.put(at or now.at, mono_s, now.boot, environment, kind, data, key)

    return queue_report


class ReportingLedger(SqlLedger):
    """Reports every event, and collects the events for `seen` after the commit."""

    def __init__(self, connection: Connection, queue_report: QueueReport, happened: list[Event]) -> None:
        super().__init__(connection)
        self._queue_report, self._happened = queue_report, happened

    def append(self, at: datetime, events: Iterable[NewEvent]) -> tuple[Event, ...]:
        added = super().append(at, events)
        self._happened += added
        for one in added:
            plain = {name: getattr(one, name) for name in ("id", "reason", "operation")}
            data = {**plain, "type": one.type.value, "data": _plain(one.data)}
            environment = one.environment_id or self._concerned(one)
            if environment:
                self._queue_report(environment, ReportKind.EVENT, data, at)
        return added

    def _concerned(self, event: Event) -> int:
        """The environment to report a repository's event for: the first one that uses the repository."""
        fact = event.fact
        if not isinstance(fact, SourceFailed | SourceRecovered):
            return 0
        env = tables.environments
        query = select(env.c.id).where(env.c.repo_url == fact.repo_url, env.c.runs_on == RunsOn.AGENT.value)
        return self._db.execute(query.order_by(env.c.id).limit(1)).scalar() or 0


class ReportingOperations(SqlOperations):
    """Reports the state of operations."""

    def __init__(self, connection: Connection, queue_report: QueueReport) -> None:
        super().__init__(connection)
        self._queue_report = queue_report

    def report(self, one: Operation) -> None:
        """Report an operation as it is now."""
        looks_only = one.kind is OperationKind.REFRESH and one.trigger is Trigger.SCHEDULE
        if one.phase.final or not looks_only:
            self._queue_report(one.environment_id, ReportKind.OPERATION, encode(one), None, one.id)

    def add(self, operation: Operation) -> None:
        super().add(operation)
        self.report(operation)

    def save(self, operation: Operation) -> None:
        super().save(operation)
        self.report(operation)

    def progress(self, id: str, done: int, total: int) -> None:
        super().progress(id, done, total)
        self.report(self.get(id))


class ReportingEnvironments(SqlEnvironments):
    """Reports status and hold."""

    def __init__(self, connection: Connection, here: RunsOn, queue_report: QueueReport) -> None:
        super().__init__(connection, here)
        self._queue_report = queue_report

    def put_status(self, id: int, status: Status, refresh_at: datetime | None = None) -> None:
        if self.by_id(id).status == status:
            if refresh_at:
                self.schedule_refresh(id, refresh_at)
        else:
            super().put_status(id, status, refresh_at)
            self._queue_report(id, ReportKind.STATUS, encode(status), None, "status")

    def set_hold(self, id: int, hold: Hold | None) -> None:
        super().set_hold(id, hold)
        self._queue_report(id, ReportKind.HOLD, {"hold": encode(hold)})


class ReportingHistory(SqlHistory):
    """Reports which revisions went live, and which are good or bad."""

    def __init__(self, connection: Connection, queue_report: QueueReport) -> None:
        super().__init__(connection)
        self._queue_report = queue_report

    def _call(self, environment: int, call: str, **data: Any) -> None:
        self._queue_report(environment, ReportKind.HISTORY, {"call": call, **encode(data)})

    def went_live(self, operation: Operation, revision: Revision, state: str, at: datetime) -> None:
        super().went_live(operation, revision, state, at)
        self._call(operation.environment_id, "went_live", operation=operation, revision=revision, tree=state, at=at)

    def mark_good(self, environment_id: int, revision: str, at: datetime) -> None:
        super().mark_good(environment_id, revision, at)
        self._call(environment_id, "mark_good", revision=revision, at=at)

    def mark_bad(self, environment_id: int, revision: str, reason: str, by: str, at: datetime) -> None:
        super().mark_bad(environment_id, revision, reason, by, at)
        self._call(environment_id, "mark_bad", revision=revision, reason=reason, by=by, at=at)

    def unmark_bad(self, environment_id: int, revision: str) -> None:
        if self.is_bad(environment_id, revision):
            super().unmark_bad(environment_id, revision)
            self._call(environment_id, "unmark_bad", revision=revision)


class ReportingNoticings(SqlNoticings):
    """Reports which commits were noticed, and what became of each."""

    def __init__(self, connection: Connection, queue_report: QueueReport) -> None:
        super().__init__(connection)
        self._queue_report = queue_report

    def _report(self, one: Noticing) -> None:
        self._queue_report(one.environment_id, ReportKind.NOTICING, encode(one), None, one.revision[:40])

    def add(self, found: Sequence[Noticing]) -> tuple[Noticing, ...]:
        added = super().add(found)
        for one in added:
            self._report(one)
        return added

    def save(self, noticing: Noticing) -> None:
        super().save(noticing)
        self._report(noticing)


class ReportingEpisodes(SqlEpisodes):
    """Reports drift episodes."""

    def __init__(self, connection: Connection, cipher: Cipher, queue_report: QueueReport) -> None:
        super().__init__(connection, cipher)
        self._queue_report = queue_report

    def _call(self, id: int, call: str, **data: Any) -> None:
        e = tables.episodes
        environment = self._db.execute(select(e.c.environment_id).where(e.c.id == id)).scalar()
        self._queue_report(environment, ReportKind.EPISODE, {"call": call, "episode": id, **encode(data)})

    def open_one(
        self, environment: Environment, last_good_at: datetime | None, at: datetime, paths: Sequence[str], count: int
    ) -> Episode:
        made = super().open_one(environment, last_good_at, at, paths, count)
        self._call(made.id, "open", last_good_at=last_good_at, at=at, paths=paths, count=count)
        return made

    def update(self, id: int, paths: Sequence[str], count: int) -> None:
        super().update(id, paths, count)
        self._call(id, "update", paths=paths, count=count)

    def acknowledge(self, id: int, by: str, at: datetime) -> None:
        super().acknowledge(id, by, at)
        self._call(id, "acknowledge", by=by, at=at)

    def end(self, id: int, at: datetime, ending: Ending, by: str, operation: str | None = None) -> None:
        super().end(id, at, ending, by, operation)
        self._call(id, "end", at=at, ending=ending, by=by, operation=operation)


class ReportingDrift(SqlDriftItems):
    """Reports a drift report that differs from the one before."""

    def __init__(self, connection: Connection, queue_report: QueueReport) -> None:
        super().__init__(connection)
        self._queue_report = queue_report

    def put(self, environment_id: int, checked_at: datetime, report: DriftReport) -> None:
        before = self.get(environment_id)
        super().put(environment_id, checked_at, report)
        if report != before:
            data = {"checked_at": encode(checked_at), "report": _bounded(report).as_dict()}
            # What an episode kept is told also where the next one began, or none, before the control plane was reached.
            self._queue_report(environment_id, ReportKind.DRIFT, data, None, f"drift-{report.episode or ''}")


class ReportingAudit(SqlAudit):
    """Reports audit entries about environments; those about the agent's local credentials stay local."""

    def __init__(self, connection: Connection, queue_report: QueueReport) -> None:
        super().__init__(connection)
        self._queue_report = queue_report

    def append(self, at: datetime, entry: NewAuditEntry) -> AuditEntry:
        made = super().append(at, entry)
        kind, _, object = entry.object.partition(":")
        name = object if kind == "environment" else entry.data.get("environment")
        env = tables.environments
        id = self._db.execute(select(env.c.id).where(env.c.name == name)).scalar() if name else None
        if id:
            data = {"action": made.action, "object": made.object, "data": _plain(made.data), "by": made.actor}
            self._queue_report(id, ReportKind.AUDIT, data, at)
        return made


def _plain(data: Mapping[str, Any]) -> Any:
    """The data as it reads back from the database."""
    return json.loads(json.dumps(dict(data), default=str))


def _bounded(report: DriftReport) -> DriftReport:
    """A report that fits into one request; its count says how many there are."""
    room, items = DIFFS, []
    for item in report.items[:ITEMS]:
        room -= len(item.diff or "")
        items.append(item if room > 0 else replace(item, diff=None))
    return replace(report, items=tuple(items))
