"""Further records in the inventory of files: directories that we made or listed, and releases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from app.targets.files.directory_listing import DirectoryPage, Stamp
from app.targets.inventory.database import InventoryDatabase


class FolderRecords:
    """Records of directories that we made, and of the names in listed directories."""

    schema = """CREATE TABLE folders (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE pages (
    folder BLOB PRIMARY KEY, inode INTEGER, changed INTEGER, modified INTEGER, folders BLOB, names BLOB
) WITHOUT ROWID;
"""
    tables = ("folders", "pages")

    def __init__(self, inventory: InventoryDatabase) -> None:
        self._inventory = inventory

    def add(self, folders: Iterable[bytes]) -> None:
        """Note directories that will be made, within a transaction."""
        self._inventory.sql.executemany("INSERT OR IGNORE INTO folders VALUES (?)", ((folder,) for folder in folders))

    def remove(self, folders: Iterable[bytes]) -> None:
        """Forget directories that were removed, within a transaction."""
        self._inventory.sql.executemany("DELETE FROM folders WHERE path = ?", ((folder,) for folder in folders))

    def made(self, folders: Iterable[bytes]) -> set[bytes]:
        """Which of some directories we made."""
        one = "SELECT 1 FROM folders WHERE path = ?"
        return {folder for folder in folders if self._inventory.sql.execute(one, (folder,)).fetchone()}

    def pages(self) -> dict[bytes, DirectoryPage]:
        """The remembered directories with their unmanaged names."""
        rows = self._inventory.sql.execute("SELECT folder, inode, changed, modified, folders, names FROM pages")
        return {row[0]: DirectoryPage(Stamp(*row[1:4]), _split(row[4]), _split(row[5])) for row in rows}

    def remember_pages(self, pages: Mapping[bytes, DirectoryPage], there: Collection[bytes]) -> None:
        """Remember the names in directories, and forget directories that no longer exist."""
        sql = self._inventory.sql
        gone = {folder for (folder,) in sql.execute("SELECT folder FROM pages") if folder not in there}
        if pages or gone:
            with self._inventory.changing(counted=False):
                rows = ((folder, *_page(page)) for folder, page in pages.items())
                sql.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?)", rows)
                self.forget_pages(gone)

    def forget_pages(self, folders: Iterable[bytes]) -> None:
        """Forget the remembered names of directories that changed, within a transaction."""
        self._inventory.sql.executemany("DELETE FROM pages WHERE folder = ?", ((folder,) for folder in folders))


class ReleaseRecords:
    """Releases that we made. One is complete from the end of its delivery to the begin of its removal."""

    schema = """CREATE TABLE releases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, tree TEXT NOT NULL, complete INTEGER NOT NULL
);
"""
    tables = ("releases",)

    def __init__(self, inventory: InventoryDatabase) -> None:
        self._inventory = inventory

    def add(self, name: str, state: str) -> None:
        """Note a release of a state that will be made, within a transaction."""
        self._inventory.sql.execute("INSERT INTO releases (name, tree, complete) VALUES (?, ?, 0)", (name, state))

    def complete(self, name: str) -> None:
        """Note that a release is live, within a transaction."""
        self._inventory.sql.execute("UPDATE releases SET complete = 1 WHERE name = ?", (name,))

    def all(self, *, complete: bool) -> list[tuple[str, str]]:
        """(name, id of the state) of the releases that we made, newest first."""
        ordered = "SELECT name, tree FROM releases WHERE complete = ? ORDER BY id DESC"
        return [(str(name), str(state)) for name, state in self._inventory.sql.execute(ordered, (complete,))]

    def next_number(self) -> int:
        """A number that no release had before."""
        row = self._inventory.sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'releases'").fetchone()
        return int(row[0]) + 1 if row else 1

    def retire(self, name: str, *, removed: bool) -> None:
        """Note that a release is about to be removed, or was."""
        change = "DELETE FROM releases" if removed else "UPDATE releases SET complete = 0"
        with self._inventory.changing(counted=False):
            self._inventory.sql.execute(f"{change} WHERE name = ?", (name,))


def _page(page: DirectoryPage) -> tuple[int, int, int, bytes, bytes]:
    stamp = page.stamp
    return stamp.inode, stamp.changed, stamp.modified, b"/".join(page.folders), b"/".join(page.names)


def _split(names: bytes) -> tuple[bytes, ...]:
    return tuple(names.split(b"/")) if names else ()
