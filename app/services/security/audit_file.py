"""The offline verifier: an exported file, JSONL or CSV, and nothing else."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from app.domain.audit import Verification, verify, verify_each
from app.wording import spreadsheets


class _BadLine(ValueError):
    """A line that is no entry."""


def verify_file(
    path: Path, head: str | None = None, *, filtered: bool = False, seal: tuple[int, str] | None = None
) -> Verification:
    """Verify an export and name the first entry that was altered, removed, inserted or reordered.

    `head` is the hash that the last entry must have, `seal` number and hash of one that was signed; without either,
    entries cut off at the end cannot be seen, nor a chain that was made anew. A `filtered` export has gaps: each of its
    entries is verified for itself, and their order.
    """
    with path.open("r", encoding="utf-8", errors="surrogateescape", newline="") as file:
        counted = _Counted(_csv_entries(file) if _is_csv(file) else _json_entries(file), seal[0] if seal else 0)
        try:
            result = verify_each(counted) if filtered else verify(counted)
        except _BadLine as problem:
            return Verification(False, counted.number, counted.number + 1, str(problem))
    if result.valid and not result.entries:
        return Verification(False, 0, 1, "the file holds no entries", result.head)
    if result.valid and seal and counted.noted != seal[1] and not (filtered and counted.noted is None):
        how = "removed" if counted.noted is None else "rewritten, or one before it was"
        return Verification(
            False, result.entries, seal[0], f"entry {seal[0]} was {how}: it is not the one that is sealed"
        )
    if result.valid and head is not None and head != result.head:
        text = f"entry {result.entries + 1} was removed: the file ends before the entry with that hash"
        return Verification(False, result.entries, result.entries + 1, text, result.head)
    return result


class _Counted:
    """An iterator that counts its items, and notes the hash of the one numbered `wanted`."""

    def __init__(self, entries: Iterable[dict[str, Any]], wanted: int) -> None:
        self._entries, self._wanted = entries, wanted
        self.number = 0
        self.noted: str | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for entry in self._entries:
            if entry.get("seq") == self._wanted:
                self.noted = str(entry.get("hash"))
            yield entry
            self.number += 1


def _is_csv(file: TextIO) -> bool:
    start = file.read(64).lstrip("\ufeff")
    file.seek(0)
    return start.startswith("seq,")


def _json_entries(file: TextIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line, object_pairs_hook=_once)
        except _BadLine as problem:
            raise _BadLine(f"line {number} is not an entry: {problem}") from None
        except (ValueError, RecursionError):
            raise _BadLine(f"line {number} is not an entry: it is no JSON") from None
        if not isinstance(entry, dict):
            raise _BadLine(f"line {number} is not an entry: it is no JSON object")
        yield entry


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no field stands twice: readers would see one value, the hash another."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _BadLine("a field stands in it twice")
    return made


def _csv_entries(file: TextIO) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(file)
    try:
        for row in reader:
            yield _typed(row, reader.line_num)
    except csv.Error:
        raise _BadLine(f"line {reader.line_num} is not an entry: it is no CSV") from None


def _typed(row: dict[str, Any], number: int) -> dict[str, Any]:
    try:
        texts = {name: spreadsheets.original(row[name]) for name in ("actor", "action", "object", "ip")}
        return {
            **row,
            **texts,
            "seq": int(row["seq"]),
            "data": json.loads(row["data"], object_pairs_hook=_once),
            "ip": texts["ip"] or None,
        }
    except (KeyError, TypeError, ValueError, RecursionError):
        raise _BadLine(f"line {number} is not an entry: a column is missing or damaged") from None
