"""Files as items: a key is a path, a digest is Git's blob id, traits are the mode in Git's octal digits.

Known to the sources, renderers and targets that deal in files; the core never looks into an item.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from app.domain.errors import UnsafePath
from app.domain.state.items import Item, printable

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # `git hash-object -t tree /dev/null`

FILE = "100644"
EXECUTABLE = "100755"
SYMLINK = "120000"
DIRECTORY = "40000"
SUBMODULE = "160000"
_LINK = "link:"


def file_item(traits: str, blob: str) -> Item:
    """What stands at a path. `traits`: its mode as Git writes it, or as found on a target ("100600" is possible there);
    `blob`: the blob id of the content, of a link its text; "" for anything that has no content.

    A link and a file of the same text are different contents, so their digests differ."""
    return Item(_LINK + blob if traits == SYMLINK else blob, traits)


def blob_of(item: Item) -> str:
    """The blob id of a file's content, or of a link's text."""
    return item.digest.removeprefix(_LINK)


@lru_cache(maxsize=64)
def traits_of(mode: int) -> str:
    """A mode as `stat` tells it, as traits."""
    return f"{mode:o}"


@lru_cache(maxsize=64)
def mode_of(traits: str) -> int:
    """Traits as `stat` would tell the mode."""
    return int(traits, 8)


def blob_id(content: bytes) -> str:
    """Git's SHA-1 blob id of some content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def check_path(path: bytes) -> bytes:
    """Return the path if it is relative, normal and cannot leave a root; raise UnsafePath otherwise."""
    parts = path.split(b"/")
    if not path or b"\0" in path or any(part in (b"", b".", b"..") for part in parts):
        raise UnsafePath(f"'{printable(path)}' is not a path inside the target's root.")
    if any(part.lower() == b".git" for part in parts):
        raise UnsafePath(f"'{printable(path)}' would write into a Git directory.")
    return path
