"""Every service test runs over a real installation, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.lived import live_in


@pytest.fixture
def here(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """An installation over a repository that has one commit."""
    folder = tmp_path / "here"
    folder.mkdir()
    made = Installation(folder, database_url)
    made.repo.commit({"deploy/index.html": "one\n", "deploy/app.env": "PASSWORD=hunter2\n", "README": "x"}, "first")
    yield made
    made.close()


@pytest.fixture
def lived(here: Installation) -> Installation:
    """An installation with a past."""
    live_in(here)
    return here


@pytest.fixture(params=["push", pytest.param("pull", marks=pytest.mark.thorough)])
def mode(request: pytest.FixtureRequest) -> str:
    """Both modes walk the same road."""
    value: str = request.param
    return value
