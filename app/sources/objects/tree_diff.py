"""The difference of two trees that are nearly the same, told from the few tree objects that differ.

Where many do, or one is not as Git writes it, Git is left to compare (app/sources/objects/trees.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.sources.objects.object_reader import ObjectReader

MOST = 40  # tree objects that are read
_BYTES = 4 << 20
_NOTHING = b"0" * 40
_ENTRY = re.compile(rb"([0-7]{5,6}) ([^\0/]+)\0(.{20})", re.DOTALL)
_FOLDER = b"040000"

Side = tuple[bytes, bytes]  # mode, id
Pair = tuple[bytes, str | None, str | None]  # a folder's path with "/" behind it, and its trees


def records(reader: ObjectReader, old: str, new: str) -> list[bytes] | None:
    """What `git diff-tree -r -z --raw` says of two trees; None where that is not to be had with a few reads."""
    found: list[tuple[bytes, bytes]] = []
    waiting: list[Pair] = [(b"", old, new)]
    read = size = 0
    while waiting:
        folder, *ids = waiting.pop()
        asked = [one for one in ids if one]
        answers = iter(reader.read(asked))
        sides: list[Mapping[bytes, Side]] = []
        for one in ids:
            tree = next(answers) if one else None
            entries = _entries(tree.content) if tree and tree.kind == "tree" else None if one else {}
            if entries is None:
                return None
            size += tree.size if tree else 0
            sides.append(entries)
        read += len(asked)
        if read + len(waiting) > MOST or size > _BYTES:
            return None
        for name in sides[0].keys() | sides[1].keys():
            _compare(folder + name, sides[0].get(name), sides[1].get(name), found, waiting)
    return [part for path, head in sorted(found) for part in (head, path)]


def _compare(
    path: bytes, before: Side | None, after: Side | None, found: list[tuple[bytes, bytes]], waiting: list[Pair]
) -> None:
    if before == after:
        return
    folders = [one[1].decode() if one and one[0] == _FOLDER else None for one in (before, after)]
    if any(folders):
        waiting.append((path + b"/", folders[0], folders[1]))
    files = [one if one and one[0] != _FOLDER else None for one in (before, after)]
    if any(files):
        (mode, id), (new_mode, new_id) = (one or (b"000000", _NOTHING) for one in files)
        found.append((path, b":%b %b %b %b M" % (mode, new_mode, id, new_id)))


def _entries(content: bytes) -> dict[bytes, Side] | None:
    """A tree object's entries by name; None where it is not as Git writes it."""
    entries: dict[bytes, Side] = {}
    last = b""
    for mode, name, id in _parsed(content):
        mode = mode.zfill(6)
        key = name + b"/" if mode == _FOLDER else name
        if key <= last or name in entries:
            return None
        entries[name], last = (mode, id.hex().encode()), key
    return entries if sum(map(len, entries)) or not content else None


def _parsed(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    at = 0
    while at < len(content):
        match = _ENTRY.match(content, at)
        if match is None:
            yield b"", b"", b""  # sorts before everything: refused
            return
        at = match.end()
        yield match[1], match[2], match[3]
