"""Pointers of Git LFS: small files in Git that name an object on the repository's LFS server."""

from __future__ import annotations

import re
from dataclasses import dataclass

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (0|[1-9][0-9]{0,17})\n\Z"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """`oid`: the SHA-256 of the object's content, in hex; `size`: its bytes."""

    oid: str
    size: int


def parse_pointer(content: bytes) -> Pointer | None:
    """The pointer that a file is; None for any other file, also one that is nearly a pointer, as Git LFS has it."""
    match = _POINTER.match(content)
    return Pointer(match[1].decode(), int(match[2])) if match else None
