"""The inventory's tables: what we own, what is being done, what we pruned, which directories and releases we made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from app.domain.state.git_files import DIRECTORY, blob_of, file_item, mode_of, traits_of
from app.domain.state.items import Item
from app.domain.state.plan import Action, InventoryHead, Plan, PlanItem
from app.targets.files.directory_listing import DirectoryPage, Stamp

TOMBSTONES = 10_000
MANY = 500  # paths asked for at once, from which on reading the whole list is cheaper
FEW = 50  # directories, likewise
_BELOW = "FROM files WHERE path > ? AND path < ?"
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (path BLOB PRIMARY KEY, mode INTEGER NOT NULL, blob BLOB NOT NULL, stat BLOB) WITHOUT ROWID;
CREATE TABLE pending (path BLOB PRIMARY KEY, found_mode INTEGER, found BLOB, mode INTEGER, blob BLOB) WITHOUT ROWID;
CREATE TABLE pruned (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE folders (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE pages (
    folder BLOB PRIMARY KEY, inode INTEGER, changed INTEGER, modified INTEGER, folders BLOB, names BLOB
) WITHOUT ROWID;
CREATE TABLE releases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, tree TEXT NOT NULL, complete INTEGER NOT NULL
);
PRAGMA user_version = 1;
"""
_PUT = """
INSERT INTO files VALUES (?, ?, ?, NULL)
ON CONFLICT (path) DO UPDATE SET mode = excluded.mode, blob = excluded.blob, stat = NULL
"""
Row = tuple[bytes, int, bytes, bytes | None]
Part = tuple[int | None, bytes | None]


class InventoryDatabase:
    """One open inventory. Methods that change it are one transaction each."""

    def __init__(self, database: sqlite3.Connection, place: str) -> None:
        self._db = database
        database.execute("PRAGMA synchronous = FULL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._create()
        elif version != 1:
            raise sqlite3.DatabaseError(f"it was written by a newer PushPull, format {version}")
        if self.fact("place") != place:
            self._begin_anew(place)

    def _create(self) -> None:
        with self._change(counted=False):
            if self._db.execute("PRAGMA user_version").fetchone() == (0,):
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)

    def _begin_anew(self, place: str) -> None:
        """The target was moved elsewhere: what we own at the old place says nothing about the new one."""
        with self._change(counted=False):
            for table in ("files", "pending", "pruned", "folders", "pages", "releases", "facts"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._note("place", place)

    @contextmanager
    def _change(self, *, counted: bool = True) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if counted:
                self._note("generation", str(self.generation() + 1))
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    # --- the head ---
    def fact(self, name: str) -> str | None:
        """One of the head's values."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def _note(self, name: str, value: str | None) -> None:
        if value is None:
            self._db.execute("DELETE FROM facts WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def head(self) -> InventoryHead:
        """What we applied last."""
        return InventoryHead(self.fact("tree"), self.fact("revision"), self.fact("applying") is None)

    def generation(self) -> int:
        """Grows with every change of the list of files: an index made for another one is out of date."""
        return int(self.fact("generation") or 0)

    # --- the files ---
    def rows(self) -> list[Row]:
        """(path, mode, blob id, stat as in a Git index or None), in Git's order."""
        return self._db.execute("SELECT path, mode, blob, stat FROM files ORDER BY path").fetchall()

    def entries(self) -> Iterator[tuple[bytes, Item]]:
        """Everything that we own, in Git's order."""
        for path, mode, blob, _ in self.rows():
            yield path, file_item(traits_of(mode), blob.hex())

    def few_rows(self, most: int) -> list[Row] | None:
        """The rows, where they are not more than `most`."""
        rows = self._db.execute(
            "SELECT path, mode, blob, stat FROM files ORDER BY path LIMIT ?", (most + 1,)
        ).fetchall()
        return rows if len(rows) <= most else None

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
            yield from (path for (path,) in self._db.execute("SELECT path FROM files"))
            return
        for folder in folders:
            yield from (path for (path,) in self._db.execute(f"SELECT path {_BELOW}", _span(folder)))

    def known(self, paths: Collection[bytes]) -> dict[bytes, Item]:
        """What we own at some paths."""
        if len(paths) > MANY:
            asked = set(paths)
            return {path: entry for path, entry in self.entries() if path in asked}
        one = "SELECT mode, blob FROM files WHERE path = ?"
        found = ((path, self._db.execute(one, (path,)).fetchone()) for path in paths)
        return {path: file_item(traits_of(row[0]), row[1].hex()) for path, row in found if row}

    def stats(self, paths: Collection[bytes]) -> dict[bytes, bytes]:
        """What is remembered of the stats of a few paths."""
        one = "SELECT stat FROM files WHERE path = ?"
        found = ((path, self._db.execute(one, (path,)).fetchone()) for path in paths)
        return {path: row[0] for path, row in found if row and row[0]}

    def owns_below(self, folder: bytes) -> bool:
        """Whether we own a file below a directory."""
        return self._db.execute(f"SELECT 1 {_BELOW} LIMIT 1", _span(folder)).fetchone() is not None

    def remember(self, stats: Sequence[tuple[bytes, bytes]]) -> None:
        """Note what files looked like when their content was found to be right: (path, stat)."""
        if stats:
            with self._change():
                self._db.executemany("UPDATE files SET stat = ? WHERE path = ?", [(stat, path) for path, stat in stats])

    # --- what directories held ---
    def pages(self) -> dict[bytes, DirectoryPage]:
        """What is remembered of directories: the names in them that are not ours."""
        rows = self._db.execute("SELECT folder, inode, changed, modified, folders, names FROM pages")
        return {row[0]: DirectoryPage(Stamp(*row[1:4]), _split(row[4]), _split(row[5])) for row in rows}

    def remember_pages(self, pages: Mapping[bytes, DirectoryPage], there: Collection[bytes]) -> None:
        """Note what directories hold, and forget those that are no longer there."""
        gone = [(folder,) for (folder,) in self._db.execute("SELECT folder FROM pages") if folder not in there]
        if pages or gone:
            with self._change(counted=False):
                rows = ((folder, *_page(page)) for folder, page in pages.items())
                self._db.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._db.executemany("DELETE FROM pages WHERE folder = ?", gone)

    # --- applying ---
    def begin(
        self, items: Iterable[PlanItem], token: str, folders: Iterable[bytes], release: tuple[str, str] | None = None
    ) -> None:
        """Note the intent, before anything is touched: what will change, which directories (and release, with its
        tree) will be made, and the mark of our temporary files."""
        with self._change():
            self._note("applying", token)
            self._db.execute("DELETE FROM pending")
            rows = ((item.key, *_part(item.found), *_part(item.wanted)) for item in items if item.works)
            self._db.executemany("INSERT INTO pending VALUES (?, ?, ?, ?, ?)", rows)
            self._db.executemany("INSERT OR IGNORE INTO folders VALUES (?)", ((folder,) for folder in folders))
            if release:
                self._db.execute("INSERT INTO releases (name, tree, complete) VALUES (?, ?, 0)", release)

    def finish(
        self, plan: Plan, tree: str, revision: str, *, left: Iterable[bytes] = (), release: str | None = None
    ) -> None:
        """The plan was carried out. `left`: directories of ours that were removed."""
        with self._change():
            self._move((item.key, item.wanted) for item in plan.items)
            self._bury(item.key for item in plan.items if item.wanted is None)
            self._unbury(item.key for item in plan.items if item.wanted or item.action is Action.KEEP)
            self._db.executemany("DELETE FROM folders WHERE path = ?", ((folder,) for folder in left))
            self._db.execute("DELETE FROM pending")
            if release:
                self._db.execute("UPDATE releases SET complete = 1 WHERE name = ?", (release,))
            for name, value in (("tree", tree), ("revision", revision), ("applying", None)):
                self._note(name, value)

    def pending(self) -> list[bytes]:
        """Paths that an interrupted apply was about to change."""
        return [path for (path,) in self._db.execute("SELECT path FROM pending")]

    def recover(self, live: Callable[[bytes], Item | None]) -> None:
        """After an interrupted apply: find out, path by path, how far it came. `applying` stays until one succeeds."""
        rows = self._db.execute("SELECT path, found_mode, found, mode, blob FROM pending").fetchall()
        known = self.known([row[0] for row in rows])
        moves = []
        for path, found_mode, found, mode, blob in rows:
            before, wanted = known.get(path), _entry(mode, blob)
            after = settled(before, _entry(found_mode, found), wanted, live(path))
            if after != before:
                moves.append((path, after))
        with self._change():
            self._move(moves)
            self._bury(path for path, after in moves if after is None)
            self._unbury(path for path, after in moves if after is not None)
            self._db.execute("DELETE FROM pending")

    def _move(self, moves: Iterable[tuple[bytes, Item | None]]) -> None:
        """Take paths in, or let them go. What is remembered of their directories is no longer right."""
        moves = list(moves)
        folders = {path.rpartition(b"/")[0] for path, _ in moves}
        self._db.executemany("DELETE FROM pages WHERE folder = ?", ((folder,) for folder in folders))
        self._db.executemany("DELETE FROM files WHERE path = ?", ((path,) for path, after in moves if after is None))
        put = ((path, *_part(after)) for path, after in moves if after)
        self._db.executemany(_PUT, put)

    # --- what we pruned ---
    def pruned(self) -> set[bytes]:
        """Paths that we removed because Git dropped them, the latest ten thousand."""
        return {path for (path,) in self._db.execute("SELECT path FROM pruned")}

    def _bury(self, paths: Iterable[bytes]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO pruned (path) VALUES (?)", ((path,) for path in paths))
        self._db.execute("DELETE FROM pruned WHERE id <= (SELECT max(id) FROM pruned) - ?", (TOMBSTONES,))

    def _unbury(self, paths: Iterable[bytes]) -> None:
        self._db.executemany("DELETE FROM pruned WHERE path = ?", ((path,) for path in paths))

    # --- directories and releases that we made ---
    def made(self, folders: Iterable[bytes]) -> set[bytes]:
        """Which of some directories we made."""
        one = "SELECT 1 FROM folders WHERE path = ?"
        return {folder for folder in folders if self._db.execute(one, (folder,)).fetchone()}

    def releases(self, *, complete: bool) -> list[tuple[str, str]]:
        """(name, tree) of the releases that we made, newest first."""
        rows = self._db.execute("SELECT name, tree FROM releases WHERE complete = ? ORDER BY id DESC", (complete,))
        return [(str(name), str(tree)) for name, tree in rows]

    def next_release(self) -> int:
        """A number that no release had before."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'releases'").fetchone()
        return int(row[0]) + 1 if row else 1

    def retire(self, name: str, *, removed: bool) -> None:
        """A release is about to be removed, or is."""
        with self._change(counted=False):
            if removed:
                self._db.execute("DELETE FROM releases WHERE name = ?", (name,))
            else:
                self._db.execute("UPDATE releases SET complete = 0 WHERE name = ?", (name,))


def settled(known: Item | None, found: Item | None, wanted: Item | None, live: Item | None) -> Item | None:
    """What we own at a path after an interrupted apply. `known` before it, `found` there then, `live` there now.

    A file that is neither as it was nor as it should become was changed by somebody else: it stays ours.
    """
    if live == wanted:
        return wanted
    if live == found:
        return known
    if live is None or live.traits == DIRECTORY:  # a directory may have been made to hold files of ours
        return known if wanted else None
    return known or wanted


def _span(folder: bytes) -> tuple[bytes, bytes]:
    return folder + b"/", folder + b"0"  # "0" follows "/"


def _page(page: DirectoryPage) -> tuple[int, int, int, bytes, bytes]:
    stamp = page.stamp
    return stamp.inode, stamp.changed, stamp.modified, b"/".join(page.folders), b"/".join(page.names)


def _split(names: bytes) -> tuple[bytes, ...]:
    return tuple(names.split(b"/")) if names else ()


def _part(entry: Item | None) -> Part:
    return (mode_of(entry.traits), bytes.fromhex(blob_of(entry))) if entry else (None, None)


def _entry(mode: int | None, blob: bytes | None) -> Item | None:
    return file_item(traits_of(mode), (blob or b"").hex()) if mode is not None else None
