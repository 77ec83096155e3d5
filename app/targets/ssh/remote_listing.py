"""Listings of the host's files, by its own tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.domain.errors import TargetUnreachable

SETTLE_S = 2.0  # the coarsest clock of a file system that we meet
_HEX = re.compile(rb"([0-9a-fA-F]+) (\d+) (-?\d+) (-?\d+) (\d+) (\d+) ")
_KINDS = {"f": 0o100000, "d": 0o040000, "l": 0o120000, "p": 0o010000, "s": 0o140000, "c": 0o020000, "b": 0o060000}


@dataclass(frozen=True, slots=True)
class FileStat:
    """One name's stat, not followed. `link` is a link's text where the listing told it."""

    mode: int
    stamp: bytes
    latest: float  # the later of its two times, by the host's clock
    link: bytes | None = None

    @property
    def kind(self) -> int:
        """Its type bits."""
        return self.mode & 0o170000


@dataclass(frozen=True, slots=True)
class RemoteListing:
    """Paths (relative, without the root itself) and facts. `now`: when it began, by the host's clock; `there`: whether
    the directory exists; `digests`: SHA-256 of files that were read right after."""

    now: float
    facts: dict[bytes, FileStat]
    there: bool = True
    digests: Mapping[bytes, str] = field(default_factory=dict)

    def settled(self, facts: FileStat) -> bool:
        """Whether a later change would show in the facts."""
        return facts.latest <= self.now - SETTLE_S


def parse(out: bytes) -> RemoteListing:
    """A listing as the scripts LOOK and LOOK_AT print it. Raises TargetUnreachable where it is not whole."""
    first, _, rest = out.partition(b"\n")
    if first == b"absent":
        return RemoteListing(0, {}, there=False)
    kind, _, now = first.partition(b" ")
    if not rest.endswith(b"end") or not now.isdigit():
        raise TargetUnreachable("The host's listing did not arrive as a whole.")
    parts = rest[:-3].split(b"\0")
    found = _found(parts) if kind == b"find" else _statted(parts)
    return RemoteListing(float(now), {path[2:]: facts for path, facts in found if path.startswith(b"./")})


def _found(parts: list[bytes]) -> Iterator[tuple[bytes, FileStat]]:
    for fields, path, link in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        kind, bits, size, modified, changed, inode, device = fields.split(b" ")
        mode = _KINDS.get(kind.decode(), 0) | int(bits, 8)
        stamp = b" ".join((b"%o" % mode, size, modified, changed, inode, device))
        latest = max(float(modified), float(changed))
        yield path, FileStat(mode, stamp, latest, link if kind == b"l" else None)


def _statted(parts: list[bytes]) -> Iterator[tuple[bytes, FileStat]]:
    """Names, an empty one, and one text with their facts in the same order; a name that vanished has none."""
    at = 0
    while at < len(parts) - 1:
        end = parts.index(b"", at)
        yield from _matched(parts[at:end], parts[end + 1])
        at = end + 2


def _matched(names: list[bytes], text: bytes) -> Iterator[tuple[bytes, FileStat]]:
    at = 0
    for name in names:
        fields = _HEX.match(text, at)
        if fields and text.startswith(name + b"\n", fields.end()):
            at = fields.end() + len(name) + 1
            yield name, _of_stat(fields)


def _of_stat(fields: re.Match[bytes]) -> FileStat:
    mode, size, modified, changed, inode, device = fields.groups()
    stamp = b" ".join((b"%o" % int(mode, 16), size, modified, changed, inode, device))
    return FileStat(int(mode, 16), stamp, max(float(modified), float(changed)))
