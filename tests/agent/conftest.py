"""One agent and its control plane, with everything real but the control plane's inside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.agent import link, session
from app.store import open_engine, upgrade
from tests.support.agents import Ground
from tests.support.controlplane import ControlPlane


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store at the present version, to be copied."""
    path = tmp_path_factory.mktemp("store") / "pushpull.db"
    engine = open_engine(f"sqlite:///{path}", small=True)
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other quickly."""
    monkeypatch.setattr(session, "FIRST_S", 0.02)
    monkeypatch.setattr(session, "MOST_S", 0.2)
    monkeypatch.setattr(link, "REFUSED_S", 0.2)


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as made:
        yield made


@pytest.fixture
def ground(tmp_path: Path, plane: ControlPlane, migrated: Path) -> Iterator[Ground]:
    made = Ground(tmp_path, plane)
    made.data.mkdir(mode=0o700)
    shutil.copy(migrated, made.data / "pushpull.db")
    yield made
    made.stop()
