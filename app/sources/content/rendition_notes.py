"""Which trees were made of what: a small file beside the mirror, and a ref for each tree so that git keeps it.

mirrors/<key>.content   JSON: {"<id of a state>": ["<tree>", day of its last use]}, the newest MOST of them
mirrors/<key>.making    held while a tree is made
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from app.domain.revision import is_sha
from app.domain.state.git_files import EMPTY_TREE
from app.sources.locks import locked
from app.sources.mirror import Mirror

REFS = "refs/pushpull/content/"
MOST = 200  # states of one mirror
_DAY = 86_400.0
Notes = dict[str, tuple[str, int]]


class RenditionNotes:
    """Trees by the ids of states. May be used by many threads and processes at once."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._file = mirror.beside("content")

    def find(self, id: str) -> str | None:
        """The tree of a state, if it is still here."""
        notes, today = self._read(), int(time.time() / _DAY)
        if id not in notes or not self._mirror.has(notes[id][0], "tree"):
            return None
        if notes[id][1] != today:
            self._change({id: (notes[id][0], today)})
        return notes[id][0]

    def keep(self, id: str, tree: str) -> None:
        """Note a tree, and let git keep it; those that were not used for longest go."""
        self._mirror.repository.run("update-ref", REFS + tree, tree)
        self._change({id: (tree, int(time.time() / _DAY))})

    def release(self, trees: Iterable[str]) -> None:
        """Let go of trees that were only brought to be part of others."""
        noted = {tree for tree, _ in self._read().values()}
        for tree in set(trees) - noted - {EMPTY_TREE}:
            self._mirror.repository.run("update-ref", "-d", REFS + tree)

    def _change(self, more: Notes) -> None:
        with locked(self._mirror.beside("swap")):
            before = self._read()
            notes = {**{id: one for id, one in before.items() if id not in more}, **more}
            newest = sorted(notes.items(), key=lambda item: item[1][1])[-MOST:]
            kept = dict(newest)
            beside = self._file.with_name(self._file.name + ".new")
            beside.write_text(json.dumps(kept), "utf-8")
            beside.replace(self._file)
        gone = {tree for tree, _ in before.values()} - {tree for tree, _ in kept.values()}
        for tree in gone:
            self._mirror.repository.run("update-ref", "-d", REFS + tree)

    def _read(self) -> Notes:
        try:
            said = json.loads(self._file.read_text("utf-8"))
            return {str(id): (str(tree), int(day)) for id, (tree, day) in said.items() if is_sha(str(tree))}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
