"""Commits of our own: written into the mirror under a name of their own, pushed, and forgotten if that fails."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from app.domain.errors import InvalidInput, RevisionNotFound
from app.domain.revision import Person, is_sha
from app.domain.state.git_files import EXECUTABLE, FILE, SYMLINK, blob_of, check_path
from app.domain.state.items import Item, printable
from app.git import GitFailed
from app.ports.sources import Edits
from app.sources.git import Repository
from app.sources.objects.ref_names import DRAFTS

COMMITTER = Person("PushPull", "pushpull@localhost")


class Draft:
    """A commit on top of another, reachable by its draft ref for the length of the block.

    `sha` is the commit; `empty` tells that it changes nothing. Raises UnsafePath, InvalidInput, RevisionNotFound.
    """

    def __init__(self, repository: Repository, parent: str, edits: Edits, message: str, author: Person) -> None:
        self._repository, self._parent = repository, parent
        self._ref = DRAFTS + secrets.token_hex(8)
        self._stream = b"".join(_commit(self._ref, parent, edits, message, author))
        self.sha, self.empty = "", False

    def __enter__(self) -> Self:
        try:
            self._repository.run("fast-import", "--quiet", "--done", input=self._stream)
            asked = (self._ref, f"{self._ref}^{{tree}}", f"{self._parent}^{{tree}}")
            self.sha, tree, before = self._repository.run("rev-parse", *asked).decode().split()
        except GitFailed:
            self._forget()
            raise RevisionNotFound(
                f"The commit {self._parent[:8]} or a file to be committed is not in the repository's mirror."
            ) from None
        self.empty = tree == before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()

    def _forget(self) -> None:
        """Remove the draft's ref and what git writes when an import fails; its objects go with the next gc."""
        for report in self._repository.git_dir.glob("fast_import_crash_*"):
            report.unlink(missing_ok=True)
        try:
            self._repository.run("update-ref", "-d", self._ref)
        except GitFailed:
            pass  # it was never written


def _commit(ref: str, parent: str, edits: Edits, message: str, author: Person) -> Iterator[bytes]:
    """The commit in the language of fast-import."""
    now = int(time.time())
    yield f"commit {ref}\n".encode()
    yield f"author {_person(author)} {now} +0000\ncommitter {_person(COMMITTER)} {now} +0000\n".encode()
    yield from _data((message.strip().replace("\0", "") + "\n").encode("utf-8", "replace"))
    yield f"from {parent}\n".encode()
    for path, edit in edits.items():
        yield from _edit(check_path(path), edit)
    yield b"done\n"


def _edit(path: bytes, edit: tuple[str, bytes] | Item | None) -> Iterator[bytes]:
    if edit is None:
        yield b"D %s\n" % _quoted(path)
        return
    traits = edit.traits if isinstance(edit, Item) else edit[0]
    if traits not in (FILE, EXECUTABLE, SYMLINK) or (isinstance(edit, Item) and not is_sha(blob_of(edit))):
        raise InvalidInput(f"'{printable(path)}' cannot be committed: only files and symlinks can.")
    if isinstance(edit, Item):
        yield b"M %s %s %s\n" % (traits.encode(), blob_of(edit).encode(), _quoted(path))
        return
    yield b"M %s inline %s\n" % (traits.encode(), _quoted(path))
    yield from _data(edit[1])


def _data(content: bytes) -> Iterator[bytes]:
    yield b"data %d\n" % len(content)
    yield content
    yield b"\n"


def _quoted(path: bytes) -> bytes:
    """A path between quotes, everything unusual as an octal number."""
    plain = {*range(0x20, 0x7F)} - {ord('"'), ord("\\")}
    return b'"%s"' % b"".join(b"%c" % c if c in plain else b"\\%03o" % c for c in path)


def _person(person: Person) -> str:
    """Name and address without what has a meaning in a commit's header."""
    name, email = ("".join(c for c in part if c not in "<>\n\r\0").strip() for part in (person.name, person.email))
    return f"{name or 'unknown'} <{email or COMMITTER.email}>".encode("utf-8", "replace").decode()
