"""What older versions left behind, on both databases. The fixtures and how they were made: tests/fixtures/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.older import Older, unpack, versions

LEFT = [(version, kind) for version in versions() for kind in ("sqlite", "postgresql")]


@pytest.fixture(params=LEFT, ids=["-".join(one) for one in LEFT])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Older]:
    """An old installation of this test's own, not started yet."""
    yield from left(request, tmp_path)


@pytest.fixture(scope="module", params=LEFT, ids=["-".join(one) for one in LEFT])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Older]:
    """One that the tests of a module share: they only read."""
    yield from left(request, tmp_path_factory.mktemp("older"))


def left(request: pytest.FixtureRequest, place: Path) -> Iterator[Older]:
    version, kind = request.param
    postgres = request.getfixturevalue("postgres") if kind == "postgresql" else None
    found = unpack(version, kind, place, postgres)
    yield found
    if postgres:
        postgres.drop(found.database_url)
