"""Files as Git names them: paths are bytes, content is known by its blob id, a mode is an integer.

A desired state is identified by its tree id, so that fifty thousand files can be compared by two strings.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.domain.errors import UnsafePath

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # `git hash-object -t tree /dev/null`

FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
DIRECTORY = 0o040000
SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path. `mode` as Git writes it, or as found on a target (0o100600 is possible there);
    `blob` is the Git blob id of the content, of a link its text; empty for anything that has no content."""

    mode: int
    blob: str


@dataclass(frozen=True, slots=True)
class Change:
    """A path whose entry differs between two trees; None where it does not exist."""

    path: bytes
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something in the tree that is not delivered, `kind` being "submodule" or "lfs_pointer"."""

    path: bytes
    kind: str


def blob_id(content: bytes) -> str:
    """Git's SHA-1 blob id of some content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def printable(path: bytes) -> str:
    """A path as text for pages and JSON: UTF-8, with other bytes as \\xNN."""
    return path.decode("utf-8", "backslashreplace")


def check_path(path: bytes) -> bytes:
    """Return the path if it is relative, normal and cannot leave a root; raise UnsafePath otherwise."""
    parts = path.split(b"/")
    if not path or b"\0" in path or any(part in (b"", b".", b"..") for part in parts):
        raise UnsafePath(f"'{printable(path)}' is not a path inside the target's root.")
    if any(part.lower() == b".git" for part in parts):
        raise UnsafePath(f"'{printable(path)}' would write into a Git directory.")
    return path
