"""A clean room for every test, both databases, a browser if there is one; and what could not be run, said loudly."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import Postgres, discard, new_folder
from tests.support.skips import missing

settings.register_profile("pushpull", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("pushpull"), max_examples=10)
settings.load_profile("pushpull")

# Hundreds of servers and commands are started: each would compile four hundred modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
POSTGRES_FOLDER = pytest.StashKey[Path]()


@pytest.fixture(scope="session", autouse=True)
def clean_room() -> Iterator[None]:
    """No settings of this machine reach a test: no Git configuration, no PushPull or pipeline variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "PUSHPULL_", "CI_", "GITHUB_")) or name == "BUILD_TAG":
                patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        yield


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """An installation built in this process keeps its files to itself; the next test starts as a fresh process does."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A real PostgreSQL, shared by all processes of the run. `postgres.create()` makes a database."""
    server = Postgres(_postgres_folder(request.config))
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """SQLAlchemy address of an empty PostgreSQL database, this test's own."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy address of an empty database, this test's own; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database' / 'pushpull.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a browser for Playwright's `executable_path` (as root it needs `--no-sandbox`). CHROMIUM overrides."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("browser tests: no chromium found; install it (Debian: apt-get install chromium) or set CHROMIUM")
    return found


def _postgres_folder(config: pytest.Config) -> Path:
    """The folder of the run's server: made by the first process, handed to the workers."""
    if hasattr(config, "workerinput"):
        return Path(config.workerinput["postgres_folder"])
    if POSTGRES_FOLDER not in config.stash:
        config.stash[POSTGRES_FOLDER] = new_folder()
    return config.stash[POSTGRES_FOLDER]


def pytest_collection_finish() -> None:
    """What was imported stays to the end: to look for garbage in it during each test took a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Every worker learns where the server lives."""
    node.workerinput["postgres_folder"] = str(_postgres_folder(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no server behind."""
    if POSTGRES_FOLDER in config.stash:
        discard(config.stash[POSTGRES_FOLDER])


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    """Say what was skipped, and why, after all else."""
    yield
    if lines := missing(terminalreporter.stats.get("skipped", [])):
        terminalreporter.section("COULD NOT RUN", sep="!", red=True, bold=True)
        for line in lines:
            terminalreporter.line(line, red=True)
