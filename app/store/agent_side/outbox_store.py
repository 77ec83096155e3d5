"""A store whose writes are reported; outbox_repositories.py decides which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from app.domain.agents.protocol import Instant, ReportKind
from app.domain.environment import RunsOn
from app.domain.events import Event
from app.store.agent_side.command_inbox import SqlAgentState, SqlCommandInbox
from app.store.agent_side.outbox import SqlOutbox
from app.store.agent_side.outbox_repositories import (
    ReportingAudit,
    ReportingDrift,
    ReportingEnvironments,
    ReportingEpisodes,
    ReportingHistory,
    ReportingLedger,
    ReportingNoticings,
    ReportingOperations,
    report_queue,
)
from app.store.cipher import Cipher
from app.store.engine import SqlStore, SqlTransaction, open_engine
from app.store.repositories.embedded_queue import EmbeddedQueue

Seen = Callable[[Sequence[Event]], None]


class AgentSqlTransaction(SqlTransaction):
    """Implements the port AgentTransaction where nothing is reported."""

    @cached_property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self._connection)

    @cached_property
    def command_inbox(self) -> SqlCommandInbox:
        return SqlCommandInbox(self._connection)

    @cached_property
    def notes(self) -> SqlAgentState:
        return SqlAgentState(self._connection)

    def report(self, environment: int, kind: ReportKind, data: Any) -> None:
        pass


class ReportingTransaction(AgentSqlTransaction):
    """A transaction over the reporting repositories."""

    def __init__(self, connection: Connection, cipher: Cipher, here: RunsOn, instant: Callable[[], Instant]) -> None:
        super().__init__(connection, cipher, here)
        self.reported = False
        self.happened: list[Event] = []
        self._put = report_queue(self.outbox, instant)

    def _queue_report(self, *report: Any) -> None:
        self.reported = True
        self._put(*report)

    def report(self, environment: int, kind: ReportKind, data: Any) -> None:
        self._queue_report(environment, kind, data)

    @cached_property
    def environments(self) -> ReportingEnvironments:
        return ReportingEnvironments(self._connection, self._here, self._queue_report)

    @cached_property
    def operations(self) -> ReportingOperations:
        return ReportingOperations(self._connection, self._queue_report)

    @cached_property
    def queue(self) -> EmbeddedQueue:
        return EmbeddedQueue(self._connection, self._here, self.operations.report)

    @cached_property
    def history(self) -> ReportingHistory:
        return ReportingHistory(self._connection, self._queue_report)

    @cached_property
    def noticings(self) -> ReportingNoticings:
        return ReportingNoticings(self._connection, self._queue_report)

    @cached_property
    def ledger(self) -> ReportingLedger:
        return ReportingLedger(self._connection, self._queue_report, self.happened)

    @cached_property
    def audit(self) -> ReportingAudit:
        return ReportingAudit(self._connection, self._queue_report)

    @cached_property
    def episodes(self) -> ReportingEpisodes:
        return ReportingEpisodes(self._connection, self._cipher, self._queue_report)

    @cached_property
    def drift(self) -> ReportingDrift:
        return ReportingDrift(self._connection, self._queue_report)


class ReportingStore(SqlStore):
    """Implements the port AgentStore over SQLite."""

    def __init__(
        self, engine: Engine, cipher: Cipher, instant: Callable[[], Instant], notify: Callable[[], None], seen: Seen
    ) -> None:
        super().__init__(engine, cipher, RunsOn.AGENT)
        self._instant, self._ring, self._seen = instant, notify, seen

    @contextmanager
    def read(self) -> Iterator[AgentSqlTransaction]:
        with self.engine.connect() as connection:
            yield AgentSqlTransaction(connection, self._cipher, self._here)

    @contextmanager
    def unreported(self) -> Iterator[AgentSqlTransaction]:
        with self.writing() as connection:
            yield AgentSqlTransaction(connection, self._cipher, self._here)

    @contextmanager
    def write(self) -> Iterator[ReportingTransaction]:
        with self.writing() as connection:
            tx = ReportingTransaction(connection, self._cipher, self._here, self._instant)
            yield tx
        if tx.reported:
            self._ring()
        if tx.happened:
            self._seen(tx.happened)


def open_agent_store(
    database: Path,
    key_file: Path,
    instant: Callable[[], Instant],
    notify: Callable[[], None] = lambda: None,
    seen: Seen = lambda events: None,
) -> ReportingStore:
    """An agent's own store, in one file, with as few connections and as little cache as it needs. `seen`: gets the
    events of each transaction after its end."""
    return ReportingStore(open_engine(f"sqlite:///{database}", small=True), Cipher(key_file), instant, notify, seen)
