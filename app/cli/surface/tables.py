"""Plain tables: whole lines in pipes, cut or one under the other where a terminal is narrow, no trailing blanks."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

TONE = re.compile(r"\x1b\[[0-9;]*m")
CODES = {"green": 32, "yellow": 33, "red": 31, "bold": 1}
LEAST = 16  # what a cut cell keeps
Row = Sequence[str]


def coloured() -> bool:
    """Whether standard output shows colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def tone(text: str, name: str) -> str:
    """A text in a colour, where there are colours."""
    return f"\x1b[{CODES[name]}m{text}\x1b[0m" if coloured() else text


def room() -> int | None:
    """The columns of the terminal; None where lines may have any length."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return shutil.get_terminal_size().columns


def width(cell: str) -> int:
    """The columns that a text takes."""
    from rich.cells import cell_len

    return cell_len(TONE.sub("", cell))


def drawn(columns: Row, rows: Sequence[Row], columns_there: int | None) -> Iterator[str]:
    """The lines of a table in so many columns (None: any number)."""
    wide = [max(width(cell) for cell in cells) for cells in zip(columns, *rows, strict=True)]
    over = 0 if columns_there is None else sum(wide) + 2 * (len(wide) - 1) - columns_there
    widest = max(range(1, len(wide)), key=wide.__getitem__, default=0)
    if over > 0 and widest and wide[widest] - over >= LEAST:
        wide[widest] -= over
        over = 0
    if over > 0:
        for row in rows:
            yield from _stacked(columns, row, columns_there or 80)
        return
    yield _line([tone(name, "bold") for name in columns], wide)
    for row in rows:
        yield _line(row, wide)


def fitted_lines(text: str, indent: int) -> list[str]:
    """A text in the lines that fit behind an indent."""
    there = room()
    if there is None or TONE.search(text) or width(text) <= there - indent:
        return [text]
    return textwrap.wrap(text, max(there - indent, LEAST)) or [""]


def _line(row: Row, wide: Sequence[int]) -> str:
    cells = (_fitted(cell, room) for cell, room in zip(row, wide, strict=True))
    return "  ".join(cells).rstrip()


def _fitted(cell: str, room: int) -> str:
    from rich.cells import set_cell_size

    if width(cell) <= room:
        return cell + " " * (room - width(cell))
    return set_cell_size(TONE.sub("", cell), room - 1) + "…"


def _stacked(columns: Row, row: Row, room: int) -> Iterator[str]:
    """A row as a paragraph: its first cell, and below it what else it says."""
    yield row[0]
    label = min(max(map(len, columns)), 12) + 1
    for name, cell in zip(columns[1:], row[1:], strict=True):
        start = f"  {name.lower():{label}}"
        if TONE.search(cell):
            yield start + cell
        elif cell:
            yield from textwrap.wrap(cell, max(room, 20), initial_indent=start, subsequent_indent=" " * len(start))
