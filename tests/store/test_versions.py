"""The versions that are told without Alembic are Alembic's own."""

from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.store import open_engine, upgrade
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
