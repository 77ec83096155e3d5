"""The inventory of file targets: the stats of files, and the directories and releases that we made."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from app.domain.state.git_files import DIRECTORY, blob_of, file_item, mode_of, traits_of
from app.domain.state.items import Item
from app.targets.files.file_records import FolderRecords, ReleaseRecords
from app.targets.inventory.database import InventoryDatabase, Stored

FEW = 50  # directories asked for at once, from which on reading the whole list is cheaper
_BELOW = "FROM files WHERE path > ? AND path < ?"
Row = tuple[bytes, int, bytes, bytes | None]


class FileInventory(InventoryDatabase):
    """Adds stats that files had when their content was found to be right, and records of directories and releases."""

    schema = InventoryDatabase.schema + FolderRecords.schema + ReleaseRecords.schema
    tables = (*InventoryDatabase.tables, *FolderRecords.tables, *ReleaseRecords.tables)

    def __init__(self, database: sqlite3.Connection, place: str) -> None:
        super().__init__(database, place)
        self.folders, self.releases = FolderRecords(self), ReleaseRecords(self)

    # --- files as rows: modes as numbers and blob ids as bytes, as a Git index has them ---
    def rows(self) -> list[Row]:
        """(path, mode, blob id, stat as in a Git index or None), in Git's order."""
        return self.sql.execute("SELECT path, mode, blob, stat FROM files ORDER BY path").fetchall()

    def few_rows(self, most: int) -> list[Row] | None:
        """The rows, where they are not more than `most`."""
        ordered = "SELECT path, mode, blob, stat FROM files ORDER BY path LIMIT ?"
        rows = self.sql.execute(ordered, (most + 1,)).fetchall()
        return rows if len(rows) <= most else None

    def _stored(self, item: Item) -> Stored:
        return mode_of(item.traits), bytes.fromhex(blob_of(item))

    def _item(self, traits: Any, digest: Any) -> Item:
        return file_item(traits_of(traits), digest.hex())

    def _makes_room(self, item: Item) -> bool:
        return item.traits == DIRECTORY

    def _move(self, moves: Collection[tuple[bytes, Item | None]]) -> None:
        super()._move(moves)
        self.folders.forget_pages({path.rpartition(b"/")[0] for path, _ in moves})

    # --- the stat cache ---
    def stats(self, paths: Collection[bytes]) -> dict[bytes, bytes]:
        """The remembered stats of some paths."""
        one = "SELECT stat FROM files WHERE path = ?"
        found = ((path, self.sql.execute(one, (path,)).fetchone()) for path in paths)
        return {path: row[0] for path, row in found if row and row[0]}

    def remember(self, stats: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember the stats that files had when their content was verified: (path, stat)."""
        if stats:
            with self.changing():
                self.sql.executemany("UPDATE files SET stat = ? WHERE path = ?", [(stat, path) for path, stat in stats])

    # --- files by directory ---
    def names(self, folders: Collection[bytes]) -> dict[bytes, set[bytes]]:
        """The names of the files that we own in some directories, without those below."""
        found: dict[bytes, set[bytes]] = {folder: set() for folder in folders}
        for path in self._paths_in(folders):
            folder, _, name = path.rpartition(b"/")
            if folder in found:
                found[folder].add(name)
        return found

    def _paths_in(self, folders: Collection[bytes]) -> Iterator[bytes]:
        if b"" in folders or len(folders) > FEW:
            yield from (path for (path,) in self.sql.execute("SELECT path FROM files"))
            return
        for folder in folders:
            yield from (path for (path,) in self.sql.execute(f"SELECT path {_BELOW}", _span(folder)))

    def owns_below(self, folder: bytes) -> bool:
        """Whether we own a file below a directory."""
        return self.sql.execute(f"SELECT 1 {_BELOW} LIMIT 1", _span(folder)).fetchone() is not None


def _span(folder: bytes) -> tuple[bytes, bytes]:
    return folder + b"/", folder + b"0"  # "0" follows "/"
