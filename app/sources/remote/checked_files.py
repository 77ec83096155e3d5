"""Files of somebody else's directory, opened one step at a time: no link is followed unseen, nothing but plain files is
read, and no open waits for anybody.

What is exchanged between a look and its use is of no effect: what was opened is what is used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from app.domain.errors import SourceRefused, SourceUnreachable
from app.domain.state.items import printable
from app.sources.remote.address import FIELD, refused

_STEP = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LARGEST = 1 << 20


def unreadable() -> SourceUnreachable:
    """No repository, or none that may be read: from outside the two look alike."""
    mend = "Check the path; the user that runs PushPull must be able to read all of it."
    detail = f"There is no Git repository at this path, or PushPull's user cannot read it. {mend}"
    return SourceUnreachable(detail, fields={FIELD: mend})


def not_plain(name: str | bytes) -> SourceRefused:
    """Something that git would open is no file."""
    shown = printable(os.fsencode(name))
    return refused(f"'{shown}' in the repository is not a plain file.", "Remove it, or name another repository.")


class OpenGround:
    """The directories below which everything must lie."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(os.path.realpath(root) for root in roots)

    def folder(self, path: str) -> Folder:
        """A directory by its path. Raises SourceRefused where it lies elsewhere, SourceUnreachable."""
        real = os.path.realpath(path)
        return Folder(self, real, self.open(real, _FOLDER))

    def open(self, real: str, flags: int) -> int:
        """Open a path without links in it, whatever has become of it meanwhile."""
        root = next((one for one in self._roots if Path(real).is_relative_to(one)), None)
        if root is None:
            mend = "Local repositories may use only what lies below PUSHPULL_SOURCE_ROOTS."
            raise refused("The repository refers to a place that is not open for repositories.", mend)
        parts = Path(real).relative_to(root).parts
        try:
            at = os.open(root, _STEP if parts else flags)
            for number, part in enumerate(parts, 1):
                at = _below(at, part, flags if number == len(parts) else _STEP)
        except OSError:
            raise unreadable() from None
        return at


def _below(above: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags, dir_fd=above)
    finally:
        os.close(above)


class Folder:
    """An open directory; to be closed. What is not there is None, what may not be read raises SourceUnreachable."""

    def __init__(self, ground: OpenGround, path: str, descriptor: int) -> None:
        self._ground, self.path, self._descriptor = ground, path, descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def entries(self) -> Iterator[os.DirEntry[str]]:
        """What it holds."""
        try:
            with os.scandir(self._descriptor) as found:
                yield from found
        except OSError:
            raise unreadable() from None

    def link(self, name: str) -> str | None:
        """Where a symlink of that name leads, as it is written."""
        try:
            return os.readlink(name, dir_fd=self._descriptor)
        except OSError:
            return None

    def folder(self, name: str) -> Folder | None:
        """A directory in it, also by a link that stays on the ground."""
        found = self._open(name, _FOLDER)
        return found and Folder(self._ground, found[0], found[1])

    def open(self, name: str) -> int | None:
        """Descriptor of a plain file in it. Raises SourceRefused for pipes, sockets, devices and directories."""
        found = self._open(name, _FILE)
        if found is None:
            return None
        if not stat.S_ISREG(os.fstat(found[1]).st_mode):
            os.close(found[1])
            raise not_plain(name)
        return found[1]

    def read(self, name: str, most: int = _LARGEST) -> bytes | None:
        """Content of a small file. Raises SourceRefused where it is larger than `most` bytes."""
        descriptor = self.open(name)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise refused(f"'{printable(os.fsencode(name))}' in the repository is too large.", "Pack the repository.")
        return content

    def _open(self, name: str, flags: int) -> tuple[str, int] | None:
        path = f"{self.path}/{name}"
        try:
            return path, os.open(name, flags, dir_fd=self._descriptor)
        except FileNotFoundError:
            return None
        except PermissionError:
            raise unreadable() from None
        except OSError:
            pass
        if self.link(name) is None:
            if flags == _FOLDER and self._is_file(name):
                return None
            raise not_plain(name)
        real = os.path.realpath(path)
        return real, self._ground.open(real, flags)

    def _is_file(self, name: str) -> bool:
        try:
            return stat.S_ISREG(os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_mode)
        except OSError:
            return False
