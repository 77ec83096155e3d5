"""The disk that the mirrors lie on: locks that exclude threads and processes alike, and what it may refuse."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.domain.errors import SourceDamaged
from app.git import heed


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`. Every holder opens it anew, so that threads of one process exclude each other
    as well; a killed process leaves nothing locked. Raises Terminated where the wait is no longer wanted."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            heed()
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


@contextmanager
def own_disk() -> Iterator[None]:
    """Say what this machine refuses as what it is, a trouble of ours. Raises SourceDamaged."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "no reason given"
        detail = f"PushPull could not use its own disk for the repository: {why}. Look at its data directory."
        raise SourceDamaged(detail) from None
