"""A second host behind a cable."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.support import netns

PATIENCE_S = 20.0


@pytest.fixture
def host() -> Iterator[netns.Host]:
    """A host of the test's own, with a network of its own."""
    if reason := netns.problem():
        pytest.skip(reason)
    with netns.Host() as made:
        yield made


def listening(address: str, port: int) -> None:
    """Wait until somebody listens there."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection((address, port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, f"nobody listens on {address}:{port}"
            time.sleep(0.02)
