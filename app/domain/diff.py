"""Readable differences of one file, with secrets masked before anything is shown."""

from __future__ import annotations

from difflib import unified_diff

from app.domain.masking import MASK, mask_lines

CONTEXT = 3
LARGE = 1_000_000
MAX_LINES = 20_000


def unified(before: bytes | None, after: bytes | None, path: str, *, limit: int) -> str | None:
    """A unified diff of at most `limit` characters; None where there is nothing to show.

    Secrets are masked on both sides in the context of their whole file, so that none shows through a hunk's edge. A line
    whose only change is a masked value is still shown, as `***** (changed)`. Binary and very large files are summarised.
    """
    if before == after:
        return None
    if _binary(before) or _binary(after):
        return f"binary, {_size(before)} → {_size(after)}"
    old, new = _lines(before), _lines(after)
    if max(len(before or b""), len(after or b"")) > LARGE or max(len(old), len(new)) > MAX_LINES:
        return f"large, {_size(before)} → {_size(after)}, {len(old):,} → {len(new):,} lines"
    shown_old, shown_new = mask_lines(old), _tell_changed(old, new, mask_lines(new))
    names = (
        "/dev/null" if before is None else f"live before: {path}",
        "/dev/null" if after is None else f"after: {path}",
    )
    lines = list(unified_diff(shown_old, shown_new, *names, lineterm="", n=CONTEXT))
    if not lines:
        return "only line endings at the end of the file differ"
    return _bounded(lines, limit)


def _tell_changed(old: list[str], new: list[str], masked: list[str]) -> list[str]:
    """Mark masked lines that were not in the old file, so that a changed secret is seen as a change."""
    known = set(old)
    return [
        f"{shown} (changed)" if MASK in shown and line not in known else shown
        for line, shown in zip(new, masked, strict=True)
    ]


def _binary(content: bytes | None) -> bool:
    return content is not None and b"\0" in content[:8192]


def _size(content: bytes | None) -> str:
    return "nothing" if content is None else f"{len(content):,} bytes"


def _lines(content: bytes | None) -> list[str]:
    if not content:
        return []
    text = content.decode("utf-8", "backslashreplace").removesuffix("\n")
    return [_printable(line) for line in text.split("\n")]


def _printable(line: str) -> str:
    return "".join(c if c == "\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _bounded(lines: list[str], limit: int) -> str:
    shown: list[str] = []
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > limit:
            return "\n".join([*shown, f"… {len(lines) - number:,} more lines"])
        shown.append(line)
    return "\n".join(shown)
