"""Two servers over one PostgreSQL database, each with a data directory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.store import open_engine, upgrade
from tests.support.installation import ME, Installation
from tests.support.interleaving import tried
from tests.support.postgres import Postgres


@dataclass(frozen=True)
class Pair:
    """The servers, and the commits that their repository holds, oldest first."""

    one: Installation
    two: Installation
    commits: tuple[str, ...]

    def delivered(self, name: str, again: bool) -> None:
        """An environment with a delivered revision, or with two, with a newer one waiting in Git; and the key that
        somebody may have removed."""
        self.one.register("push", name)
        for commit in self.commits[:2] if again else self.commits[:1]:
            self.one.push(commit, name)
        tried(lambda: self.one.use_cases.keyring.add("key", "token", {"token": "t" * 20}, ME))

    def settle(self) -> None:
        """Work off what is queued, and end what nobody works on."""
        self.one.use_cases.queue.recover(None)
        self.one.run()

    def clear(self) -> None:
        """Leave no environment that the next run could meet."""
        with self.one.store.read() as tx:
            left = list(tx.environments.targets())
        for name in left:
            self.one.use_cases.registration.remove(name, ME)


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> Iterator[str]:
    """The name of a database of the newest version, of which each test gets a copy."""
    url = postgres.create()
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    yield postgres.name_of(url)
    postgres.drop(url)


@contextmanager
def opened(folder: Path, postgres: Postgres, migrated: str) -> Iterator[Pair]:
    """A pair over a database of its own."""
    url = postgres.create(migrated)
    one = Installation(folder, url)
    files: list[dict[str, str | None]] = [{"deploy/0": "a"}, {"deploy/0": None, "deploy/1": "b"}]
    files.append({"deploy/1": None, "deploy/2": "c"})
    commits = [one.repo.commit({"deploy/index.html": f"{number}", **more}) for number, more in enumerate(files)]
    two = one.beside(url)
    yield Pair(one, two, tuple(commits))
    one.close()
    two.close()
    postgres.drop(url)


@pytest.fixture
def pair(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, migrated: str) -> Iterator[Pair]:
    """A pair of this test's own."""
    with opened(tmp_path_factory.mktemp("here"), postgres, migrated) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, migrated: str) -> Iterator[Pair]:
    """One pair for many tests that clear up behind themselves."""
    with opened(tmp_path_factory.mktemp("here"), postgres, migrated) as made:
        yield made
