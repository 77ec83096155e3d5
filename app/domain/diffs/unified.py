"""Readable differences of one file, with secrets masked before anything is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.diffs.alignment import Alignment
from app.domain.masking import MASK, MaskedRow, masked_rows
from app.domain.masking.secret_names import is_secret_file

CONTEXT = 3
LARGE = 1_000_000  # bytes; content of exactly this size may have been cut off there by who read it
MAX_LINES = 20_000
LONGEST_LINE = 1_000
CHANGED = f"{MASK} (changed)"
Traits = tuple[str | None, str | None]


def unified(
    before: bytes | None, after: bytes | None, path: str, *, limit: int, traits: Traits = (None, None)
) -> str | None:
    """A unified diff of at most about `limit` characters; None where there is nothing to show.

    Secrets are masked on both sides in the context of their whole file, so that none shows through a hunk's edge; one
    that differs reads `***** (changed)`. A secret of several lines counts as one line. Binary and large files are
    summed up. A change of `traits`, such as modes of a file, is stated in a line before the diff.
    """
    mode = f"mode {traits[0]} → {traits[1]}" if traits[0] and traits[1] and traits[0] != traits[1] else None
    content = _content(before, after, path, limit) if before != after else None if mode else _beyond(before)
    return "\n".join(part for part in (mode, content) if part) or None


def _beyond(content: bytes | None) -> str | None:
    return f"large, the difference lies behind the first {LARGE:,} bytes" if len(content or b"") == LARGE else None


def _content(before: bytes | None, after: bytes | None, path: str, limit: int) -> str:
    if _binary(before) or _binary(after):
        return f"binary, {_sizes(before, after)}"
    if not before and not after:
        return f"an empty file, {'new' if before is None else 'deleted'}"
    if max(len(before or b""), len(after or b"")) >= LARGE:
        return f"large, {_sizes(before, after)}"
    old, new = (_decoded(one) for one in (before, after))
    if max(old.count("\n"), new.count("\n")) > MAX_LINES:
        return f"large, {_sizes(before, after)}, {old.count(chr(10)):,} → {new.count(chr(10)):,} lines"
    rows = masked_rows(old, new, whole=is_secret_file(path))
    heads = [f"--- {_name(before, path)}", f"+++ {_name(after, path)}"]
    return _bounded([*heads, *_hunks(*(_Side(side) for side in rows))], limit)


class _Side:
    """A text's rows. The row behind the last newline is empty and none; where it is not, that newline is missing."""

    def __init__(self, rows: list[MaskedRow]) -> None:
        self.ends = not rows[-1].raw
        self.rows = rows[:-1] if self.ends else rows
        self.raw = [row.raw for row in self.rows]
        if not self.ends:
            self.raw[-1] += "\n\\"  # no row holds both: with and without the newline are different lines

    def lines(self, mark: str, start: int, end: int, changed: Sequence[MaskedRow] = ()) -> Iterator[str]:
        """Rows as lines of a diff; secrets that are in none of the rows of `changed` are told to have changed."""
        before = _Before(changed)
        for number in range(start, end):
            yield mark + _shown(self.rows[number], before)
            if number == len(self.rows) - 1 and not self.ends:
                yield "\\ No newline at end of file"


def _hunks(old: _Side, new: _Side) -> Iterator[str]:
    for group in Alignment(old.raw, new.raw).get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for tag, a, a_end, b, b_end in group:
            if tag == "equal":
                yield from old.lines(" ", a, a_end)
            else:
                yield from old.lines("-", a, a_end)
                yield from new.lines("+", b, b_end, old.rows[a:a_end])


class _Before:
    """The secrets of some rows, by where they stand; looked through once, because thousands of rows ask."""

    def __init__(self, rows: Sequence[MaskedRow]) -> None:
        self._known: set[str] = set()
        self._places: dict[tuple[tuple[str, ...], int], set[str]] = {}
        for row in rows:
            for number, secret in enumerate(row.secrets):
                self._known.add(secret)
                self._places.setdefault((row.plain, number), set()).add(secret)

    def had(self, row: MaskedRow, number: int) -> bool:
        """Whether a row's secret stood in the same line before, or in any line if there is no such line."""
        same, secret = self._places.get((row.plain, number)), row.secrets[number]
        return secret in same if same is not None else not self._known or secret in self._known


def _shown(row: MaskedRow, before: _Before) -> str:
    """A row's text. Its secrets are held against those of before."""
    text = _printable(row.plain[0])
    for number, plain in enumerate(row.plain[1:]):
        text += (MASK if before.had(row, number) else CHANGED) + _printable(plain)
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}… (cut)"


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + bool(length)},{length}"


def _name(content: bytes | None, path: str) -> str:
    return "/dev/null" if content is None else _printable(path)


def _binary(content: bytes | None) -> bool:
    return content is not None and b"\0" in content[:8192]


def _sizes(before: bytes | None, after: bytes | None) -> str:
    if before is None or after is None:
        return f"new, {_size(after)} bytes" if before is None else f"deleted, {_size(before)} bytes"
    return f"{_size(before)} → {_size(after)} bytes"


def _size(content: bytes | None) -> str:
    size = len(content or b"")
    return f"{'at least ' if size == LARGE else ''}{size:,}"


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "backslashreplace")


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c == "\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _bounded(lines: list[str], limit: int) -> str:
    shown: list[str] = []
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > limit:
            return "\n".join([*shown, f"… {len(lines) - number:,} more lines"])
        shown.append(line)
    return "\n".join(shown)
