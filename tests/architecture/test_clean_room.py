"""The room that every other test relies on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

from sqlalchemy import create_engine, inspect, text

from tests.support.postgres import Postgres
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


def test_what_was_left_out_is_counted_once_however_many_workers_say_so() -> None:
    skipped = [
        SimpleNamespace(nodeid=node, longrepr=("file", 1, f"Skipped: {reason}"))
        for node, reason in [("a", "no browser"), ("a", "no browser"), ("b", "no browser"), ("c", "no sshd")]
    ]
    assert missing(skipped) == ["   2 x no browser", "   1 x no sshd"]
