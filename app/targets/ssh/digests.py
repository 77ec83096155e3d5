"""SHA-256 by blob id: hosts offer the one, Git knows the other. Noted when a content passes by."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from app.targets.inventory.inventory_files import PATIENCE_S

SPARE = 1000
_TABLE = "CREATE TABLE IF NOT EXISTS digests (blob BLOB PRIMARY KEY, sha256 BLOB NOT NULL) WITHOUT ROWID"


class Digests:
    """A file beside the inventory. It can be lost: then contents are hashed as Git does it, which is slower there."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "digests.db"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=PATIENCE_S)) as database:
            database.execute(_TABLE)
            with database:
                yield database

    def known(self) -> dict[str, str]:
        """Blob id → SHA-256, in hex."""
        with self._open() as database:
            return {blob.hex(): digest.hex() for blob, digest in database.execute("SELECT blob, sha256 FROM digests")}

    def note(self, found: Mapping[str, str]) -> None:
        """Add digests."""
        if found:
            rows = [(bytes.fromhex(blob), bytes.fromhex(digest)) for blob, digest in found.items()]
            with self._open() as database:
                database.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?)", rows)

    def keep(self, blobs: Collection[str]) -> None:
        """Forget all other digests once the file is large."""
        known = self.known()
        if len(known) > 2 * len(blobs) + SPARE:
            gone = [(bytes.fromhex(blob),) for blob in known.keys() - set(blobs)]
            with self._open() as database:
                database.executemany("DELETE FROM digests WHERE blob = ?", gone)
