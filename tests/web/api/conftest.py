"""One running server for the tests of a module; every test uses names of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server, its client and its folders."""
    with LiveServer(tmp_path_factory.mktemp("server")) as running:
        yield running
