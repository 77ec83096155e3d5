"""The stream of an apply: a tar of the new files under harmless names, with the plan as its last member.

The host unpacks it into a directory of its own. Names in the stream are `d<n>/<name>` or, for names that not every tar
takes, `o/<n>`; the plan moves them. A file is read whole and checked before its first byte is sent.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import IO

from app.domain.errors import SourceDamaged, TargetRefused
from app.domain.state.git_files import EXECUTABLE, SYMLINK, blob_of
from app.domain.state.items import Item, printable
from app.ports import ContentReader
from app.targets.files.root_handle import parted
from app.targets.files.writer import LINK_MAX
from app.targets.ssh.remote_shell.scripts import batches, quoted

RECORD = 10_240  # what every tar reads at once
IN_MEMORY = 8 << 20
_CHUNK = 1 << 16
_MEND = "Mend it in Git; it was not put in place."


def plain(name: bytes) -> bool:
    """Whether every tar stores and restores the name as it is."""
    if len(name) > 90 or b"\\" in name:
        return False
    try:
        return name.decode().isprintable()
    except UnicodeDecodeError:
        return False


class TarStream:
    """One apply's tar stream, made while it is sent. `done` lists the paths in the order in which the plan counts
    them, `sums` the SHA-256 of every blob that was read."""

    def __init__(self, contents: ContentReader, token: str, check: Callable[[], None]) -> None:
        self._contents, self.token, self._check = contents, token, check
        self._lines: list[bytes] = []
        self._number = 0
        self._sent = 0
        self._at: bytes | None = None
        self.done: list[bytes] = []
        self.sums: dict[str, str] = {}

    # --- the plan's lines ---
    def line(self, text: bytes) -> None:
        """Add a line to the plan as it is."""
        self._lines.append(text)

    def astray(self, text: bytes) -> None:
        """Add a line that may change the working directory."""
        self._at = None
        self._lines.append(text)

    def enter(self, folder: bytes, *, needed: bool = True) -> None:
        """Change to a directory; without `needed`, the next command is skipped where the directory is gone."""
        if folder != self._at or not needed:
            self._at = folder if needed else None
            self._lines.append((b"to " if needed else b"at ") + quoted(folder) + (b"" if needed else b" &&"))

    def count(self, paths: Sequence[bytes]) -> None:
        """Count paths as finished."""
        self.done += paths
        self._lines.append(b"say +%d" % len(paths))

    def remove(self, paths: Sequence[bytes]) -> None:
        """Remove files and links."""
        for folder, names in _by_folder(paths):
            for batch in batches([quoted(b"./" + name) for name in names]):
                self.enter(folder, needed=False)
                self._lines.append(b"rid " + b" ".join(batch))
            self.count([folder + b"/" + name if folder else name for name in names])

    def make(self, folders: Sequence[bytes], replaceable: Callable[[bytes], bool]) -> None:
        """Make directories, from the top."""
        for folder, names in _by_folder(folders):
            self.enter(folder)
            for name in names:
                if replaceable(folder + b"/" + name if folder else name):
                    self.line(b"rid " + quoted(b"./" + name))
            for batch in batches([quoted(b"./" + name) for name in names]):
                self.line(b"mk " + b" ".join(batch))

    def leave(self, folders: Sequence[bytes]) -> None:
        """Remove directories that are empty; the plan prints "left <number>" for each removed one."""
        for number, folder in enumerate(folders):
            above, name = parted(folder)
            word = quoted(b"./" + name)
            self.enter(above, needed=False)
            self.line(b"{ rmdir %b 2>/dev/null; [ -d %b ] || say 'left %d'; }" % (word, word, number))

    # --- the stream ---
    def files(self, items: Sequence[tuple[bytes, Item]], hollow: Callable[[bytes], bool]) -> Iterator[bytes]:
        """The members of new files, and the lines that put them in place."""
        grouped: dict[bytes, list[tuple[bytes, Item]]] = {}
        for path, entry in items:
            grouped.setdefault(parted(path)[0], []).append((path, entry))
        self._contents.expect([one for group in grouped.values() for one in group])
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as spool:
            for number, (folder, group) in enumerate(grouped.items()):
                yield from self._folder(b"d%d" % number, group, spool)
                self._put(b"d%d" % number, folder, [path for path, _ in group], hollow)

    def _folder(self, place: bytes, group: Sequence[tuple[bytes, Item]], spool: IO[bytes]) -> Iterator[bytes]:
        prepared = False
        for path, entry in group:
            name = parted(path)[1]
            if entry.traits == SYMLINK or not plain(name):
                prepared = prepared or self._prepare(place)
            yield from self._member(path, place, entry, spool)

    def _put(self, place: bytes, folder: bytes, paths: Sequence[bytes], hollow: Callable[[bytes], bool]) -> None:
        """The lines that put a folder's files in place."""
        self.enter(folder)
        for path in paths:
            if hollow(path):
                self.line(b"hollow " + quoted(b"./" + parted(path)[1]))
        for batch in batches([b'"$G"/%b/%b' % (place, quoted(parted(path)[1])) for path in paths]):
            self.line(b"put " + b" ".join(batch))
            self.count(paths[: len(batch)])
            paths = paths[len(batch) :]

    def _prepare(self, place: bytes) -> bool:
        self.line(b'[ -d "$G"/%b ] || mkdir "$G"/%b || no stage' % (place, place))
        return True

    def _member(self, path: bytes, place: bytes, entry: Item, spool: IO[bytes]) -> Iterator[bytes]:
        self._check()
        name, size = parted(path)[1], self._read(path, entry, spool)
        if entry.traits == SYMLINK:
            self.line(b'ln -s -- %b "$G"/%b/%b || no stage' % (_link(path, spool.read()), place, quoted(name)))
            return
        stored = place + b"/" + name
        if not plain(name):
            self._number += 1
            stored = b"o/%d" % self._number
            self.line(b'mv -f -- "$G"/%b "$G"/%b/%b || no stage' % (stored, place, quoted(name)))
        yield self._counted(header(stored, size, 0o755 if entry.traits == EXECUTABLE else 0o644))
        while chunk := spool.read(_CHUNK):
            yield self._counted(chunk)
        yield self._counted(bytes(-size % 512))

    def _read(self, path: bytes, entry: Item, spool: IO[bytes]) -> int:
        """Read a blob whole, and see that it is what Git names."""
        spool.seek(0)
        spool.truncate()
        digest = hashlib.sha256()

        def take(chunk: bytes) -> None:
            spool.write(chunk)
            digest.update(chunk)

        blob = blob_of(entry)
        self._contents.write_to(path, entry, take)
        size = spool.tell()
        spool.seek(0)
        named = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while chunk := spool.read(_CHUNK):
            named.update(chunk)
        if named.hexdigest() != blob:
            raise SourceDamaged(f"'{printable(path)}' did not arrive as Git names it; it was not put in place.")
        self.sums[blob] = digest.hexdigest()
        spool.seek(0)
        return size

    def end(self) -> Iterator[bytes]:
        """The plan, and the end of the stream."""
        plan = b"\n".join([*self._lines, b"#end " + self.token.encode(), b""])
        yield self._counted(header(b"plan", len(plan), 0o600) + plan + bytes(-len(plan) % 512) + bytes(1024))
        yield bytes(-self._sent % RECORD)

    def _counted(self, chunk: bytes) -> bytes:
        self._sent += len(chunk)
        return chunk


def gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks joined to fewer, larger ones."""
    part = bytearray()
    for chunk in chunks:
        part += chunk
        if len(part) >= _CHUNK:
            yield bytes(part)
            part.clear()
    yield bytes(part)


def header(name: bytes, size: int, mode: int) -> bytes:
    """A member's head. Most differ only in name, size and checksum, and so little is not worth a TarInfo each."""
    if len(name) > 100 or size >= 8**11:
        return _header(name, size, mode)
    head = bytearray(_blank(mode))
    head[: len(name)] = name
    head[124:136] = b"%011o\0" % size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


@lru_cache
def _blank(mode: int) -> bytes:
    return _header(b"", 0, mode)


def _header(name: bytes, size: int, mode: int) -> bytes:
    import tarfile  # an agent has no use for it

    member = tarfile.TarInfo(name.decode())
    member.size, member.mode = size, mode
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def _by_folder(paths: Sequence[bytes]) -> list[tuple[bytes, list[bytes]]]:
    grouped: dict[bytes, list[bytes]] = {}
    for path in paths:
        folder, name = parted(path)
        grouped.setdefault(folder, []).append(name)
    return list(grouped.items())


def _link(path: bytes, text: bytes) -> bytes:
    if len(text) > LINK_MAX:
        raise TargetRefused(f"'{printable(path)}' is a link of more than {LINK_MAX} bytes. {_MEND}")
    if not text or 0 in text:
        raise TargetRefused(f"'{printable(path)}' is a link that no file system takes. {_MEND}")
    return quoted(text)
