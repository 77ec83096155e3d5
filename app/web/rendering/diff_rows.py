"""A unified diff as rows that a page can show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class DiffRow:
    """`kind` is "add", "del", "same", "hunk" or "note"; line numbers are None where the side has no such line."""

    kind: str
    text: str
    old: int | None = None
    new: int | None = None


def diff_lines(text: str) -> list[DiffRow]:
    """Rows of one file's unified diff; its "---" and "+++" heads are left out."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[DiffRow]:
    old = new = 0
    inside = False
    for raw in text.split("\n")[: -1 if text.endswith("\n") else None]:
        hunk = _HUNK.match(raw)
        if hunk:
            old, new, inside = int(hunk[1]), int(hunk[2]), True
            yield DiffRow("hunk", raw)
        elif not inside:
            if raw and not raw.startswith(("--- ", "+++ ", "diff ", "index ")):
                yield DiffRow("note", raw)
        elif raw.startswith("+"):
            yield DiffRow("add", raw[1:], None, new)
            new += 1
        elif raw.startswith("-"):
            yield DiffRow("del", raw[1:], old, None)
            old += 1
        elif raw.startswith("\\"):
            yield DiffRow("note", raw[2:])
        else:
            yield DiffRow("same", raw[1:], old, new)
            old, new = old + 1, new + 1
