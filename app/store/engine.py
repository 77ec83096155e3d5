"""Opening the database, and transactions over it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, RootTransaction, create_engine, event
from sqlalchemy.engine import make_url

from app.domain.environment import RunsOn
from app.ports import WorkQueue
from app.store.cipher import Cipher
from app.store.environments.environment_repository import SqlEnvironments
from app.store.experiment_repository import SqlExperiments
from app.store.noticing_repository import SqlNoticings
from app.store.repositories.agent_repository import SqlAgents
from app.store.repositories.audit_repository import SqlAudit
from app.store.repositories.comparison_fact_repository import SqlComparisonFacts
from app.store.repositories.credential_repository import SqlCredentials
from app.store.repositories.drift_repository import SqlDriftItems, SqlEpisodes
from app.store.repositories.embedded_queue import EmbeddedQueue
from app.store.repositories.history_repository import SqlHistory
from app.store.repositories.hook_secret_repository import SqlHookSecrets
from app.store.repositories.identity_repository import SqlIdentities
from app.store.repositories.intake_repository import SqlInbox, SqlRepositories
from app.store.repositories.ledger_repository import SqlLedger
from app.store.repositories.operation_repository import SqlOperations
from app.store.repositories.request_key_repository import SqlRequestKeys
from app.store.rows import log
from app.store.single_writer import LOCK_S, Turns, answering, exclude_others

# The connection that was used last is used next, so that only those that are needed at once fill their caches: each
# SQLite connection keeps pages of its own, while the operating system keeps one copy for all.
SMALL = {"pool_size": 2, "max_overflow": 33, "pool_use_lifo": True, "query_cache_size": 150}
USUAL = {"pool_size": 16, "max_overflow": 32, "pool_use_lifo": True}
SMALL_CACHE_KB, CACHE_KB = 400, 2000


Appended = Callable[[int, str], object]
QueueOf = Callable[[Connection, RunsOn], WorkQueue]


class SqlTransaction:
    """The repositories over one connection; implements the port Transaction."""

    def __init__(self, connection: Connection, cipher: Cipher, here: RunsOn, queue_of: QueueOf = EmbeddedQueue) -> None:
        self._connection = connection
        self._queue_of = queue_of
        self._cipher = cipher
        self._here = here

    @cached_property
    def environments(self) -> SqlEnvironments:
        return SqlEnvironments(self._connection, self._here)

    @cached_property
    def operations(self) -> SqlOperations:
        return SqlOperations(self._connection)

    @cached_property
    def queue(self) -> WorkQueue:
        return self._queue_of(self._connection, self._here)

    @cached_property
    def history(self) -> SqlHistory:
        return SqlHistory(self._connection)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._connection)

    @cached_property
    def audit(self) -> SqlAudit:
        return SqlAudit(self._connection)

    @cached_property
    def noticings(self) -> SqlNoticings:
        return SqlNoticings(self._connection)

    @cached_property
    def episodes(self) -> SqlEpisodes:
        return SqlEpisodes(self._connection, self._cipher)

    @cached_property
    def drift(self) -> SqlDriftItems:
        return SqlDriftItems(self._connection)

    @cached_property
    def repositories(self) -> SqlRepositories:
        return SqlRepositories(self._connection)

    @cached_property
    def inbox(self) -> SqlInbox:
        return SqlInbox(self._connection)

    @cached_property
    def hook_secrets(self) -> SqlHookSecrets:
        return SqlHookSecrets(self._connection, self._cipher)

    @cached_property
    def credentials(self) -> SqlCredentials:
        return SqlCredentials(self._connection, self._cipher)

    @cached_property
    def identities(self) -> SqlIdentities:
        return SqlIdentities(self._connection)

    @cached_property
    def request_keys(self) -> SqlRequestKeys:
        return SqlRequestKeys(self._connection, self._cipher)

    @cached_property
    def facts(self) -> SqlComparisonFacts:
        return SqlComparisonFacts(self._connection)

    @cached_property
    def agents(self) -> SqlAgents:
        return SqlAgents(self._connection)

    @cached_property
    def experiments(self) -> SqlExperiments:
        return SqlExperiments(self._connection)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        with self._connection.begin_nested():
            yield


class SqlStore:
    """Implements the port Store. `here` tells whose environments are worked on over this database, `queue_of` makes
    the queue of a transaction, `appended` hears of the audit log's new end after each transaction that wrote to it."""

    def __init__(
        self,
        engine: Engine,
        cipher: Cipher,
        here: RunsOn = RunsOn.SERVER,
        queue_of: QueueOf = EmbeddedQueue,
        appended: Appended = lambda *_: None,
    ) -> None:
        self._appended = appended
        self._queue_of = queue_of
        self.engine = engine
        self._cipher = cipher
        self._here = here
        self._turns = Turns()

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        with answering(), self._reading() as connection:
            yield SqlTransaction(connection, self._cipher, self._here, self._queue_of)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database, as SQLite's do by themselves."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        with self.writing() as connection:
            tx = SqlTransaction(connection, self._cipher, self._here, self._queue_of)
            yield tx
        if made := tx.audit.appended:
            self._tell(made.seq, made.hash)

    def _tell(self, seq: int, hash: str) -> None:
        try:
            self._appended(seq, hash)
        except OSError:
            log.exception("the audit log's head could not be kept outside the database")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in one transaction, while which no other is written in any process."""
        with self._turns.turn(), answering(), self.engine.connect() as connection, _begun(connection):
            exclude_others(connection)
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _begun(connection: Connection) -> RootTransaction:
    return connection.execution_options(writes=True).begin()


def open_store(
    url: str, key_file: Path, here: RunsOn = RunsOn.SERVER, appended: Appended = lambda *_: None
) -> SqlStore:
    """Open a database; migrate it before the first use. `key_file` holds the key of stored secrets, made if missing."""
    return SqlStore(open_engine(url), Cipher(key_file), here, appended=appended)


def open_engine(url: str, *, small: bool = False) -> Engine:
    """An engine for a SQLite or PostgreSQL address. `small`: with little memory rather than many readers."""
    parsed = make_url(url)
    if parsed.get_backend_name() in ("postgres", "postgresql"):
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=10, max_overflow=10, pool_pre_ping=True
        )
    if parsed.database and parsed.database != ":memory:":
        path = Path(parsed.database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    size: dict[str, Any] = SMALL if small else USUAL
    connecting = {"check_same_thread": False, "timeout": LOCK_S, **({"cached_statements": 32} if small else {})}
    engine = create_engine(parsed, **size, connect_args=connecting)
    event.listen(engine, "connect", partial(_prepare_sqlite, cache_kb=SMALL_CACHE_KB if small else CACHE_KB))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any, *, cache_kb: int) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={LOCK_S * 1000:.0f}",
        f"cache_size=-{cache_kb}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    """Reads see one snapshot; writers take the lock at the start, so that nothing they read changes under them."""
    kind = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
