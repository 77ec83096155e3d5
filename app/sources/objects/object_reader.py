"""Objects of one mirror, asked by name of a kept process.

The names are lines of a protocol: every one passes `_line`, which refuses what could end a line, and is made of parts
that are checked before (ids, refs, directories; app/sources/objects/ref_names.py).
"""

from __future__ import annotations

import os
import re
import select
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from app.domain.revision import Revision
from app.git import GitFailed
from app.sources.git import Repository
from app.sources.objects import commits
from app.sources.objects.cat_file_pool import CONTENT, FACTS, CatFilePool

_HEADER = re.compile(rb"([0-9a-f]{40,64}) ([a-z]+) ([0-9]+)\n")
_BREAKING = re.compile(r"[\x00-\x1f\x7f]")
_PATIENCE = 600.0
_AT_ONCE = 200  # names; far less than a pipe holds


class GitObject(NamedTuple):
    """What a name means; `content` is empty where only the facts were asked for."""

    sha: str
    kind: str
    size: int
    content: bytes = b""


class ObjectReader:
    """Reads objects. Raises GitFailed where there is no repository, or git met something broken."""

    def __init__(self, repository: Repository, pool: CatFilePool) -> None:
        self.repository, self.pool = repository, pool

    def commit(self, *asked: str) -> Revision | None:
        """The commit that the first known of some names means; None where none is known."""
        found = next((one for one in self.read([f"{name}^{{commit}}" for name in asked]) if one), None)
        return commits.parse(found.sha, found.content) if found else None

    def at(self, sha: str, place: str) -> GitObject | None:
        """What stands at a path ("" for the whole) of a commit; None where nothing does, or the commit is unknown."""
        return self.facts([f"{sha}:{place}" if place else f"{sha}^{{tree}}"])[0]

    def has(self, sha: str, kind: str = "commit") -> bool:
        """Whether an object of that kind is here."""
        try:
            return self.facts([f"{sha}^{{{kind}}}"])[0] is not None
        except GitFailed:
            return False

    def read(self, asked: Sequence[str]) -> list[GitObject | None]:
        """Objects with their content, which is kept in memory; None for names that mean nothing."""
        return self._exchange(CONTENT, asked)

    def facts(self, asked: Sequence[str]) -> list[GitObject | None]:
        """Ids, kinds and sizes."""
        return self._exchange(FACTS, asked)

    def _exchange(self, style: str, asked: Sequence[str]) -> list[GitObject | None]:
        lines = [_line(name) for name in asked]
        try:
            return self._answers(style, lines)
        except _Silent:  # it was killed, or met damage: a fresh one tells
            return self._answers(style, lines)

    def _answers(self, style: str, lines: Sequence[bytes]) -> list[GitObject | None]:
        found: list[GitObject | None] = []
        for start in range(0, len(lines), _AT_ONCE):
            some = lines[start : start + _AT_ONCE]
            with self.pool.lend(self.repository, style) as process:
                _say(process, b"".join(some))
                found += [_heard(process, content=style == CONTENT) for _ in some]
        return found


class _Silent(GitFailed):
    """The process ended instead of answering."""


def _line(name: str) -> bytes:
    if _BREAKING.search(name) or not name:
        raise ValueError("a name that would end a line of the protocol")
    return os.fsencode(name) + b"\n"


def _say(process: subprocess.Popen[bytes], lines: bytes) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(lines)
        process.stdin.flush()
    except BrokenPipeError:
        raise _Silent(128, "git ended") from None
    if not select.select([process.stdout], [], [], _PATIENCE)[0]:
        raise GitFailed(-1, f"no answer within {_PATIENCE:g} s")


def _heard(process: subprocess.Popen[bytes], *, content: bool) -> GitObject | None:
    assert process.stdout is not None
    header = process.stdout.readline()
    if not header.endswith(b"\n"):
        raise _Silent(128, "git ended")
    match = _HEADER.fullmatch(header)
    if match is None:
        return None
    size = int(match[3])
    text = process.stdout.read(size + 1) if content else b""
    if content and len(text) != size + 1:
        raise _Silent(128, "git ended")
    return GitObject(match[1].decode(), match[2].decode(), size, text[:-1])
