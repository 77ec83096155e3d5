"""The one server of a SQLite database. It settles at its start whatever is running, which a second one must not do.

A lock of the operating system says whether it lives: it ends with its process, however that ends. The lock's file says
who holds it, for those who are refused.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

log = logging.getLogger("store")
LOCK = "server.lock"


class AlreadyServed(Exception):
    """Another process works on this data directory or database; the text says which."""


def claim(folder: Path, database_url: str) -> ExitStack:
    """Become the one server of a data directory and its SQLite database, until the claim is closed or the process ends.

    On PostgreSQL several may work at once: then nothing is claimed. Raises AlreadyServed.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return ExitStack()
    places = {folder / LOCK}
    if url.database and url.database != ":memory:":
        places.add(Path(f"{url.database}.lock").resolve())  # it may be reached from another data directory
    with ExitStack() as begun:
        for place in sorted(places):
            _lock(begun, place)
        return begun.pop_all()


def _lock(held: ExitStack, place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    held.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyServed(
            f"{place.parent} is in use by {_holder(os.read(descriptor, 4096))}. Stop that one first; for several "
            "servers at once, set PUSHPULL_DATABASE_URL to PostgreSQL."
        ) from None
    except OSError as problem:
        log.warning("no lock here: nothing keeps a second server away", extra={"problem": str(problem)})
        return
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    os.truncate(descriptor, 0)
    os.write(descriptor, json.dumps({"pid": os.getpid(), "host": os.uname().nodename, "since": since}).encode())


def _holder(text: bytes) -> str:
    """Who holds the lock, as its file says."""
    with suppress(ValueError, KeyError, TypeError):
        said = json.loads(text)
        return f"the server with process id {said['pid']} on {said['host']}, since {said['since']}"
    return "another server"
