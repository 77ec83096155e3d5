"""What we own in a target: a small SQLite file in the data directory, never in the target.

It is the truth; whatever lies beside it is made from it. Every change is one transaction, so a process that is killed
leaves the state before or after it, and a delivery of one item costs the same whatever we own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from app.domain.errors import TargetRefused, TargetUnreachable
from app.targets.inventory.database import InventoryDatabase

Book = TypeVar("Book", bound=InventoryDatabase)
PATIENCE_S = 10.0  # how long one operation waits for another


class Inventory(Generic[Book]):
    """The private folder of one environment's target. `place` names the target: another place, another inventory.
    `book` opens its database."""

    def __init__(self, folder: Path, place: str, book: Callable[[sqlite3.Connection, str], Book]) -> None:
        self._folder, self._place, self._opened = folder, place, book

    @property
    def folder(self) -> Path:
        """The private folder of the inventory."""
        return self._folder

    @contextmanager
    def read(self) -> Iterator[Book | None]:
        """The inventory, opened without a lock; None if it was never written."""
        if not (self._folder / "inventory.db").exists():
            yield None
            return
        with self._book() as book:
            yield book

    @contextmanager
    def looking(self) -> Iterator[Book]:
        """The inventory beside other looks, but not during a change (alone, after an interrupted one)."""
        with self._locked(fcntl.LOCK_SH), self._book() as book:
            whole = book.head().whole
            if whole:
                yield book
        if not whole:
            with self.alone() as book:
                yield book

    @contextmanager
    def alone(self) -> Iterator[Book]:
        """The inventory to be changed. Raises TargetUnreachable where another process holds it."""
        with self._locked(fcntl.LOCK_EX), self._book() as book:
            yield book

    def forget(self) -> None:
        """Delete the inventory."""
        if self._folder.exists():
            with self._locked(fcntl.LOCK_EX):
                shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            _wait(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _book(self) -> Iterator[Book]:
        file = self._folder / "inventory.db"
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        try:
            with closing(sqlite3.connect(file, timeout=PATIENCE_S, isolation_level=None)) as database:
                yield self._opened(database, self._place)
        except sqlite3.OperationalError as error:
            raise TargetUnreachable(f"The inventory of {self._place} cannot be used now: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise TargetRefused(
                f"The inventory of {self._place} is damaged ({error}). Restore {self._folder} from a backup, or move "
                "it away: the next sync then takes over what it finds, and leaves alone what Git dropped before."
            ) from error


def _wait(descriptor: int, how: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TargetUnreachable("Another operation is working on this target; try again later.") from None
            time.sleep(0.02)
