"""The inventory's database, for every kind of target: owned items, the apply under way, pruned keys.

The tables are called as files called them first: an inventory of an older version opens as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from app.domain.state.items import Item, Key
from app.domain.state.plan import Action, InventoryHead, Plan, PlanItem
from app.ports import DesiredState

TOMBSTONES = 10_000
MANY = 500  # keys asked for at once, from which on reading the whole list is cheaper
_PUT = """
INSERT INTO files VALUES (?, ?, ?, NULL)
ON CONFLICT (path) DO UPDATE SET mode = excluded.mode, blob = excluded.blob, stat = NULL
"""
Stored = tuple[Any, Any]  # an item in its two columns: traits and digest


class InventoryDatabase:
    """One open inventory. Methods that change it are one transaction each.

    Kinds that know more of what they own add tables of their own in a subclass (app/targets/files).
    """

    schema = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (path BLOB PRIMARY KEY, mode INTEGER NOT NULL, blob BLOB NOT NULL, stat BLOB) WITHOUT ROWID;
CREATE TABLE pending (path BLOB PRIMARY KEY, found_mode INTEGER, found BLOB, mode INTEGER, blob BLOB) WITHOUT ROWID;
CREATE TABLE pruned (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
"""
    tables: tuple[str, ...] = ("files", "pending", "pruned", "facts")

    def __init__(self, database: sqlite3.Connection, place: str) -> None:
        self.sql = database
        self._head: InventoryHead | None = None  # until it is read, and after each change
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._create()
        elif version != 1:
            raise sqlite3.DatabaseError(f"it was written by a newer PushPull, format {version}")
        if self.fact("place") != place:
            self._begin_anew(place)

    def _create(self) -> None:
        with self.changing(counted=False):
            if self.sql.execute("PRAGMA user_version").fetchone() == (0,):
                for statement in (*self.schema.split(";\n"), "PRAGMA user_version = 1"):
                    self.sql.execute(statement)

    def _begin_anew(self, place: str) -> None:
        """The target was moved elsewhere: what we own at the old place says nothing about the new one."""
        with self.changing(counted=False):
            for table in self.tables:
                self.sql.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._note("place", place)

    @contextmanager
    def changing(self, *, counted: bool = True) -> Iterator[None]:
        """One transaction. `counted`: it changes the list of items, or what is remembered with them."""
        self.sql.execute("PRAGMA synchronous = FULL")
        self.sql.execute("BEGIN IMMEDIATE")
        try:
            yield
            if counted:
                self._note("generation", str(self.generation() + 1))
            self.sql.execute("COMMIT")
        finally:
            self._head = None
            if self.sql.in_transaction:
                self.sql.execute("ROLLBACK")

    # --- the head ---
    def fact(self, name: str) -> str | None:
        """A value of the head by its name."""
        row = self.sql.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def _note(self, name: str, value: str | None) -> None:
        if value is None:
            self.sql.execute("DELETE FROM facts WHERE name = ?", (name,))
        else:
            self.sql.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def head(self) -> InventoryHead:
        """The head: the state that was applied last, as it was when this connection first looked or changed something:
        nobody else changes it while the inventory is locked."""
        if self._head is None:
            facts = dict(self.sql.execute("SELECT name, value FROM facts"))
            self._head = InventoryHead(facts.get("tree"), facts.get("revision"), "applying" not in facts)
        return self._head

    def generation(self) -> int:
        """Grows with every counted change: what was derived from another generation is out of date."""
        return int(self.fact("generation") or 0)

    # --- the items ---
    def items(self) -> Iterator[tuple[Key, Item]]:
        """Everything that we own, sorted by key."""
        for key, *stored in self.sql.execute("SELECT path, mode, blob FROM files ORDER BY path").fetchall():
            yield key, self._item(*stored)

    def known(self, keys: Collection[Key]) -> dict[Key, Item]:
        """The owned items at some keys."""
        if len(keys) > MANY:
            asked = set(keys)
            return {key: item for key, item in self.items() if key in asked}
        one = "SELECT mode, blob FROM files WHERE path = ?"
        found = ((key, self.sql.execute(one, (key,)).fetchone()) for key in keys)
        return {key: self._item(*row) for key, row in found if row}

    def _stored(self, item: Item) -> Stored:
        """An item in its columns; bytes, which SQLite takes for nothing else."""
        return item.traits.encode(), item.digest.encode()

    def _item(self, traits: Any, digest: Any) -> Item:
        """An item out of its columns."""
        return Item(digest.decode(), traits.decode())

    # --- applying ---
    def begin(self, items: Iterable[PlanItem], token: str, also: Callable[[], object] = lambda: None) -> None:
        """Note the intent, before anything is touched: what will change, and the mark of what is only temporary.
        `also` notes more in the same transaction."""
        with self.changing():
            self._note("applying", token)
            self.sql.execute("DELETE FROM pending")
            rows = ((item.key, *self._part(item.found), *self._part(item.wanted)) for item in items if item.works)
            self.sql.executemany("INSERT INTO pending VALUES (?, ?, ?, ?, ?)", rows)
            also()

    def finish(self, plan: Plan, desired: DesiredState, also: Callable[[], object] = lambda: None) -> None:
        """Note that the plan was carried out. `also` writes more in the same transaction."""
        with self.changing():
            self._move([(item.key, item.wanted) for item in plan.items])
            self._bury(item.key for item in plan.items if item.wanted is None)
            self._unbury(item.key for item in plan.items if item.wanted or item.action is Action.KEEP)
            self.sql.execute("DELETE FROM pending")
            also()
            for name, value in (("tree", desired.id), ("revision", desired.revision), ("applying", None)):
                self._note(name, value)

    def pending(self) -> list[Key]:
        """Keys that an interrupted apply was about to change."""
        return [key for (key,) in self.sql.execute("SELECT path FROM pending")]

    def recover(self, live: Callable[[Key], Item | None]) -> None:
        """After an interrupted apply: find out, key by key, how far it came. `applying` stays until one succeeds."""
        rows = self.sql.execute("SELECT path, found_mode, found, mode, blob FROM pending").fetchall()
        known = self.known([row[0] for row in rows])
        moves = []
        for key, *parts in rows:
            before, found, wanted, now = known.get(key), self._whole(*parts[:2]), self._whole(*parts[2:]), live(key)
            makes_room = now is not None and self._makes_room(now)
            after = settled(before, found, wanted, now, makes_room=makes_room)
            if after != before:
                moves.append((key, after))
        with self.changing():
            self._move(moves)
            self._bury(key for key, after in moves if after is None)
            self._unbury(key for key, after in moves if after is not None)
            self.sql.execute("DELETE FROM pending")

    def _makes_room(self, item: Item) -> bool:
        """Whether an apply may have put this where something of ours was, to hold items of ours."""
        return False

    def _part(self, item: Item | None) -> Stored:
        return self._stored(item) if item else (None, None)

    def _whole(self, traits: Any, digest: Any) -> Item | None:
        return self._item(traits, digest) if traits is not None else None

    def _move(self, moves: Collection[tuple[Key, Item | None]]) -> None:
        """Add keys to the owned items, or remove them."""
        self.sql.executemany("DELETE FROM files WHERE path = ?", ((key,) for key, after in moves if after is None))
        self.sql.executemany(_PUT, ((key, *self._stored(after)) for key, after in moves if after))

    # --- what we pruned ---
    def pruned(self) -> set[Key]:
        """Pruned keys, which Git dropped, the latest ten thousand."""
        return {key for (key,) in self.sql.execute("SELECT path FROM pruned")}

    def _bury(self, keys: Iterable[Key]) -> None:
        self.sql.executemany("INSERT OR REPLACE INTO pruned (path) VALUES (?)", ((key,) for key in keys))
        self.sql.execute("DELETE FROM pruned WHERE id <= (SELECT max(id) FROM pruned) - ?", (TOMBSTONES,))

    def _unbury(self, keys: Iterable[Key]) -> None:
        self.sql.executemany("DELETE FROM pruned WHERE path = ?", ((key,) for key in keys))


def settled(
    known: Item | None, found: Item | None, wanted: Item | None, live: Item | None, *, makes_room: bool = False
) -> Item | None:
    """What we own at a key after an interrupted apply. `known` before it, `found` there then, `live` there now.

    An item that is neither as it was nor as it should become was changed by somebody else: it stays ours.
    """
    if live == wanted:
        return wanted
    if live == found:
        return known
    if live is None or makes_room:
        return known if wanted else None
    return known or wanted
