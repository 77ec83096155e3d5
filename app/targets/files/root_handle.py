"""Files below a root, reached by directory handles only: no path of ours is ever resolved through a link.

Every component is opened with O_NOFOLLOW from its parent's handle, so that neither a link that lies in the target nor
one that is swapped in while we work leads outside.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.domain.errors import TargetRefused
from app.domain.state.git_files import DIRECTORY, SYMLINK, blob_id, file_item, traits_of
from app.domain.state.items import Item, printable
from app.targets.files.os_errors import NOTHING, as_problem, problem

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """The item at a path. `stat` is set if the file did not change between the stat and the end of reading."""

    entry: Item | None
    stat: os.stat_result | None = None


ABSENT = Seen(None)


def parted(path: bytes) -> tuple[bytes, bytes]:
    """A path's directory (b"" for the root itself) and last name."""
    folder, _, name = path.rpartition(b"/")
    return folder, name


def below(folder: bytes, name: bytes) -> bytes:
    """The path of a name in a directory."""
    return folder + b"/" + name if folder else name


def above(path: bytes) -> list[bytes]:
    """The directories above a path, from the top, without the root."""
    parts = path.split(b"/")[:-1]
    return [b"/".join(parts[: depth + 1]) for depth in range(len(parts))]


class Root:
    """An open directory, and the last one below it that was used. Not for use by several threads at once."""

    def __init__(self, fd: int, path: Path) -> None:
        self.fd, self.path = fd, path
        self._at, self._last = b"", fd

    def close(self) -> None:
        """Close the handles."""
        self.leave()
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def in_place(self) -> bool:
        """Whether the path still leads to this directory."""
        try:
            there, here = os.lstat(self.path), os.fstat(self.fd)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    # --- walking ---
    def leave(self) -> None:
        """Forget the last directory; needed after one was removed or replaced."""
        if self._last != self.fd:
            os.close(self._last)
        self._at, self._last = b"", self.fd

    def folder(self, path: bytes) -> int:
        """The handle of a directory, valid until the next call. Raises OSError where there is none (a link is none)."""
        if path != self._at:
            parent, name = parted(path)
            near = path != b"" and parent == self._at
            fd = os.open(name, FOLDER_FLAGS, dir_fd=self._last) if near else self._walk(path)
            self.leave()
            self._at, self._last = path, fd
        return self._last

    def _walk(self, path: bytes) -> int:
        fd = os.dup(self.fd)
        for part in path.split(b"/") if path else ():
            try:
                deeper = os.open(part, FOLDER_FLAGS, dir_fd=fd)
            finally:
                os.close(fd)
            fd = deeper
        return fd

    def descend(self, parts: Sequence[str], *, create: bool = False) -> Root | None:
        """A directory below this one as a root of its own; None where nothing stands. Raises TargetRefused where
        something else stands."""
        fd, path = os.dup(self.fd), self.path
        for part in parts:
            path = path / part
            try:
                deeper = _enter(fd, part, path, create)
            finally:
                os.close(fd)
            if deeper is None:
                return None
            fd = deeper
        return Root(fd, path)

    def made(self, name: str) -> Root:
        """A directory in this one, made where it is missing. Raises TargetRefused where something else stands."""
        root = self.descend([name], create=True)
        if root is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return root

    def make(self, path: bytes, replaceable: Callable[[bytes], bool], made: Callable[[bytes], object]) -> int:
        """The handle of a directory, made with mode 0755 where it is missing. A link that stands in the way is
        replaced; anything else only if `replaceable`. `made` hears of each directory that gained an entry."""
        try:
            return self.folder(path)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
        for folder in [*above(path), path]:
            self._make_one(folder, replaceable, made)
        return self.folder(path)

    def _make_one(self, path: bytes, replaceable: Callable[[bytes], bool], made: Callable[[bytes], object]) -> None:
        parent, name = parted(path)
        fd = self.folder(parent)
        found = lstat_in(fd, name)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return
        if found is not None:
            if not stat.S_ISLNK(found.st_mode) and not replaceable(path):
                raise TargetRefused(f"'{printable(path)}' must become a directory. {MOVE_AWAY}")
            os.unlink(name, dir_fd=fd)
        new_folder(fd, name)
        made(parent)

    # --- looking ---
    def lstat(self, path: bytes) -> os.stat_result | None:
        """Facts about a path; None where nothing of ours can stand."""
        folder, name = parted(path)
        try:
            return os.stat(name, dir_fd=self.folder(folder), follow_symlinks=False)
        except OSError as error:
            if error.errno in NOTHING:
                return None
            raise problem(f"'{printable(path)}' cannot be looked at", error) from error

    def examine(self, path: bytes) -> Seen:
        """What stands at a path, its content read and hashed. Raises TargetRefused or TargetUnreachable."""
        folder, name = parted(path)
        try:
            fd = self.folder(folder)
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                return _examine_file(fd, name, found)
            return _examine_other(fd, name, found)
        except OSError as error:
            if error.errno in NOTHING:
                return ABSENT
            raise problem(f"'{printable(path)}' cannot be looked at", error) from error

    def read(self, path: bytes, limit: int) -> bytes | None:
        """At most `limit` bytes of a file, or a link's text; None where nothing readable stands."""
        folder, name = parted(path)
        try:
            fd = self.folder(folder)
            kind = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
            if stat.S_ISLNK(kind):
                return os.readlink(name, dir_fd=fd)[:limit]
            return _read(fd, name, limit) if stat.S_ISREG(kind) else None
        except OSError:
            return None


MOVE_AWAY = "What stands there is not ours: move it away and sync again."


def lstat_in(fd: int, name: bytes) -> os.stat_result | None:
    """Facts about a name in an open directory, None where there is none."""
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def new_folder(fd: int, name: bytes | str) -> None:
    """Make a directory with exactly mode 0755, whatever the umask; the set-group-ID that it inherits stays."""
    os.mkdir(name, 0o700, dir_fd=fd)
    made = os.open(name, FOLDER_FLAGS, dir_fd=fd)
    try:
        os.fchmod(made, 0o755 | os.fstat(made).st_mode & stat.S_ISGID)
    finally:
        os.close(made)


def _enter(fd: int, part: str, path: Path, create: bool) -> int | None:
    with as_problem(f"{path} cannot be opened"):
        try:
            return os.open(part, FOLDER_FLAGS, dir_fd=fd)
        except FileNotFoundError:
            if not create:
                return None
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise TargetRefused(
                f"{path} must be a directory, but a link or a file stands there. Put the directory back, or choose the "
                "real path."
            ) from None
        new_folder(fd, part)
        os.fsync(fd)
        return os.open(part, FOLDER_FLAGS, dir_fd=fd)


def _examine_file(fd: int, name: bytes, found: os.stat_result) -> Seen:
    try:
        file = os.open(name, _FILE_FLAGS, dir_fd=fd)
    except PermissionError:
        return Seen(file_item(traits_of(found.st_mode), ""))
    try:
        before = os.fstat(file)
        if not stat.S_ISREG(before.st_mode):
            return Seen(file_item(traits_of(before.st_mode), ""))
        entry = file_item(traits_of(before.st_mode), digest(file, before.st_size))
        return Seen(entry, before if _unmoved(before, os.fstat(file)) else None)
    finally:
        os.close(file)


def _examine_other(fd: int, name: bytes, found: os.stat_result) -> Seen:
    if stat.S_ISLNK(found.st_mode):
        entry = file_item(SYMLINK, blob_id(os.readlink(name, dir_fd=fd)))
        again = os.stat(name, dir_fd=fd, follow_symlinks=False)
        return Seen(entry, found if _unmoved(found, again) else None)
    return Seen(file_item(DIRECTORY if stat.S_ISDIR(found.st_mode) else traits_of(found.st_mode), ""))


def _unmoved(one: os.stat_result, other: os.stat_result) -> bool:
    return _facts(one) == _facts(other)


def _facts(one: os.stat_result) -> tuple[int, ...]:
    return one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns, one.st_ctime_ns


def digest(file: int, size: int) -> str:
    """The blob id of an open file from its current position; "" if it does not hold `size` bytes (any more)."""
    known = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    left = size
    while left >= 0 and (chunk := os.read(file, min(left + 1, _CHUNK))):
        known.update(chunk)
        left -= len(chunk)
    return known.hexdigest() if left == 0 else ""


def _read(fd: int, name: bytes, limit: int) -> bytes | None:
    file = os.open(name, _FILE_FLAGS, dir_fd=fd)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        parts = []
        while limit > 0 and (chunk := os.read(file, min(limit, _CHUNK))):
            parts.append(chunk)
            limit -= len(chunk)
        return b"".join(parts)
    finally:
        os.close(file)
