"""The versions that are told without Alembic are Alembic's own."""

from __future__ import annotations

import json
from typing import Any

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, select

from app.store import open_engine, tables, upgrade
from app.store.migrate import config, current, newest


def test_the_newest_version_is_the_only_head() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [newest()]


def test_the_current_version_is_what_alembic_wrote(database_url: str) -> None:
    engine = open_engine(database_url)
    assert current(engine) is None
    upgrade(engine)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (current(engine),)
    assert current(engine) == newest()
    engine.dispose()


def _old_ledger(connection: Connection) -> None:
    """What version 0008 wrote: a delivery, a mended failure, one overtaken, one without a word, one that waits."""
    reflected = MetaData()
    reflected.reflect(connection, only=["operations", "events", "environments"])
    filled = {"TEXT": "{}", "VARCHAR": "", "BIGINT": 0, "INTEGER": 0, "BOOLEAN": False}

    def put(table: str, **values: Any) -> None:
        columns = reflected.tables[table].c
        blank = {c.name: filled[str(c.type).split("(")[0]] for c in columns if not c.nullable and c.name != "id"}
        connection.execute(reflected.tables[table].insert().values({**blank, **values}))

    put("environments", id=1, name="shop", mode="pull", noticed="e" * 40)
    runs = (("1", "a", "succeeded", "deployed"), ("2", "b", "failed", "failed"), ("3", "b", "succeeded", "deployed"))
    for id, sha, phase, outcome in runs:
        put(
            "operations", id=id, environment_id=1, environment="shop", mode="pull", kind="sync", trigger="schedule",
            phase=phase, outcome=outcome, revision=sha * 40, created_at=10, finished_at=20, noticed_at=5,
        )  # fmt: skip
    told = [("revision.noticed", {"revision": sha * 40}) for sha in "abde"]
    passed = {"outcome": "superseded", "mode": "pull", "revision": "c" * 40, "by": "d" * 40}
    told += [("decision", passed), ("decision", {"outcome": "nudged", "delivery": "1", "revision": "a" * 40})]
    for type, data in told:
        put("events", at=7, type=type, environment="shop", environment_id=1, data=json.dumps(data))
    put("events", at=7, type="decision", environment="shop", environment_id=1, data="{damaged")


def test_what_older_versions_recorded_of_commits_is_read_and_the_rest_is_unknown(database_url: str) -> None:
    engine = open_engine(database_url)
    writing = engine.connect().execution_options(**({"writes": True} if engine.dialect.name == "sqlite" else {}))
    with writing as connection, connection.begin():
        command.upgrade(config(connection), "0008")
        _old_ledger(connection)
    upgrade(engine)
    with engine.connect() as connection:
        found = {row.revision[0]: row for row in connection.execute(select(tables.noticings))}
    ends = {sha: row.ending for sha, row in found.items()}
    assert ends == {"a": "deployed", "b": "deployed", "c": "superseded", "d": "unknown", "e": None}
    assert (found["b"].operation, found["c"].superseded_by, found["c"].seen) == ("3", "d" * 40, False)
    engine.dispose()
