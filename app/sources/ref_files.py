"""A mirror's few refs as files, read and written: a process would cost more than they do.

Whatever is not plain (many refs, one that points at another, something torn) is left to git.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_MOST = 200
_PACKED_BYTES = 64 << 10
_SHA = re.compile(r"[0-9a-f]{40}\n?\Z")
_PACKED = re.compile(r"([0-9a-f]{40}) (refs/(?:heads|tags)/[^\n]+)\n")


def plain(git_dir: Path) -> dict[str, str] | None:
    """Branches and tags with the ids that they hold (a tag's own, not its commit's); None where git has to tell."""
    try:
        loose = dict(_loose(git_dir))  # first: git packs a ref before it removes the file
        refs = {**_packed(git_dir / "packed-refs"), **loose}
    except (OSError, ValueError):
        return None
    return dict(sorted(refs.items())) if len(refs) <= _MOST else None


def write(file: Path, sha: str) -> None:
    """A ref as git writes it: whole or not at all. Nobody else writes a ref of this name with another value."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.lock")  # a torn one of a killed process is written over
    with beside.open("w") as opened:
        opened.write(f"{sha}\n")
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)


def _loose(git_dir: Path) -> Iterator[tuple[str, str]]:
    for kind in ("heads", "tags"):
        for folder, _, files in os.walk(git_dir / "refs" / kind, onerror=_unreadable):
            for name in files:
                file = Path(folder) / name
                if not name.endswith(".lock") and _is_text(str(file)):
                    yield str(file.relative_to(git_dir)), _id(file.read_text("ascii"))


def _unreadable(error: OSError) -> None:
    raise error


def _is_text(name: str) -> bool:
    """Whether it is UTF-8; a ref with another name is no ref to us."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _id(text: str) -> str:
    if not _SHA.match(text):
        raise ValueError("not an id")
    return text.strip()


def _packed(file: Path) -> dict[str, str]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    if len(content) > _PACKED_BYTES:
        raise ValueError("many refs")
    lines = content.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    matches = (_PACKED.fullmatch(line) for line in lines)
    return {match[2]: match[1] for match in matches if match and _is_text(match[2])}
