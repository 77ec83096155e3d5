"""What a content would make known that was hidden so far: lines that look like secrets."""

from __future__ import annotations

from app.domain.diffs.unified import LARGE
from app.domain.masking import MaskedRow, masked_rows
from app.domain.masking.secret_names import is_secret_file


def secret_lines(before: bytes | None, after: bytes | None, path: str) -> int | None:
    """How many lines of `after` look like secrets and do not stand in `before`, which is known already.

    None for content that is too large to be looked through. A secret of several lines counts as one.
    """
    if after is None or after == before:
        return 0
    if len(after) >= LARGE:
        return None
    old, new = masked_rows(_text((before or b"")[:LARGE]), _text(after), whole=is_secret_file(path))
    known = {_told(row) for row in old}
    return sum(1 for row in new if row.secrets and _told(row) not in known)


def _text(content: bytes) -> str:
    """Content as text; UTF-16 and what is half binary lose their NULs, so that they hide nothing."""
    return content.replace(b"\0", b"").decode("utf-8", "backslashreplace")


def _told(row: MaskedRow) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return row.plain, row.secrets
