"""A database that is locked, gone or restarted is away for now: nothing is half done, and nobody sees a 500."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.errors import ConcurrentChange, DatabaseAway
from tests.races.conftest import Pair
from tests.support.installation import ME, Installation
from tests.support.server import LiveServer

KILL = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()")  # fmt: skip


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process writes to a SQLite database and does not end."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers wait a little only."""
    monkeypatch.setattr("app.store.engine.LOCK_S", 0.02)
    monkeypatch.setattr("app.store.single_writer.TURN_S", 0.02)


@pytest.mark.usefixtures("impatient")
def test_while_sqlite_is_locked_writers_are_told_and_readers_are_served(tmp_path: Path) -> None:
    with LiveServer(tmp_path, scheduler=False) as server:
        server.environment("shop", server.repo("shop"))
        with locked(tmp_path / "data" / "pushpull.db"):
            for method, path in (("POST", "/environments/shop/syncs"), ("DELETE", "/environments/shop")):
                answer = server.http.request(method, f"/api/v1{path}", json={} if method == "POST" else None)
                assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
                assert int(answer.headers["Retry-After"]) > 0
            page = server.anonymous.post("/login", data={"name": "a", "password": "b"}, headers={"Accept": "text/html"})
            assert page.status_code == 503
            assert page.headers["Retry-After"]
            assert server.call("GET", "/environments/shop")["name"] == "shop"
        assert server.sync("shop")["phase"] == "succeeded"


@pytest.mark.usefixtures("impatient")
def test_a_writer_that_waits_for_another_one_of_its_process_is_told(pair: Pair) -> None:
    told: list[type[BaseException]] = []

    def write() -> None:
        with pytest.raises(DatabaseAway) as caught, pair.one.store.write():
            pass
        told.append(caught.type)

    with pair.one.store.write():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert told == [DatabaseAway]


def test_a_connection_that_postgresql_ends_undoes_all_and_the_next_one_works(pair: Pair) -> None:
    pair.one.register("push")

    def lose(here: Installation) -> None:
        with here.store.write() as tx:
            tx.environments.set_hold(here.environment().id, None)
            tx.environments.remove(tx.environments.get("shop").id)
            with pair.two.store.engine.connect() as other:
                other.execute(KILL)
            tx.environments.targets()

    with pytest.raises(DatabaseAway):
        lose(pair.one)
    assert pair.one.environment().name == "shop"
    pair.one.use_cases.holds.hold("shop", "wait", None, ME)


def test_what_does_not_go_together_with_what_is_stored_is_a_conflict(pair: Pair) -> None:
    with pytest.raises(ConcurrentChange), pair.one.store.write():
        raise IntegrityError("INSERT", {}, Exception("duplicate key"))


def test_writers_of_two_servers_never_overlap_and_readers_wait_for_nobody(pair: Pair) -> None:
    pair.one.register("push")
    begun = threading.Event()

    def write() -> None:
        begun.set()
        pair.two.use_cases.holds.hold("shop", "from the other", None, ME)

    thread = threading.Thread(target=write)
    with pair.one.store.write() as tx:
        thread.start()
        assert begun.wait(10)
        assert tx.environments.get("shop").hold is None
        assert pair.two.environment().hold is None
        tx.environments.set_hold(tx.environments.get("shop").id, None)
    thread.join()
    assert pair.one.environment().hold is not None
