"""Files below a root, reached by directory handles only: no path of ours is ever resolved through a link.

Every component is opened with O_NOFOLLOW from the handle of its parent, so neither a link in the tree nor one that is
swapped in while we work leads outside (CVE-2022-24904 and its relatives; openat(2)).
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from app.domain.errors import TargetRefused, TargetUnreachable
from app.domain.tree import DIRECTORY, SYMLINK, Entry, blob_id, check_path, printable

TEMPORARY = b".pushpull-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn an operating system error into one that says what was being done."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise TargetRefused(f"{what}: {reason}. Give PushPull's user the right to write there.") from None
        if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY):
            raise TargetRefused(f"{what}: something that is not ours stands in the way. Move it away.") from None
        raise TargetUnreachable(f"{what}: {reason}.") from None


class Root:
    """An open root directory."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if create and not path.is_symlink():
            with told(f"The target's directory {path} cannot be made"):
                _make(path)
        try:
            self.fd = os.open(path, _DIRECTORY)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                what = "a link" if path.is_symlink() else "not a directory"
                raise TargetRefused(f"{path} is {what}. Put the directory back, or choose another path.") from None
            raise TargetUnreachable(f"{path} cannot be opened: {os.strerror(error.errno or errno.EIO)}.") from None

    def close(self) -> None:
        """Give the handle back."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def folder(self, path: bytes, *, create: bool = False) -> Iterator[tuple[int, bytes]]:
        """The handle of a path's parent directory, and the path's last name. Raises FileNotFoundError,
        NotADirectoryError, or OSError with ELOOP where a link stands in between (replaced if `create`)."""
        *parents, name = check_path(path).split(b"/")
        fd = os.dup(self.fd)
        try:
            for part in parents:
                deeper = _enter(fd, part, create)
                os.close(fd)
                fd = deeper
            yield fd, name
        finally:
            os.close(fd)

    def entry(self, path: bytes) -> Entry | None:
        """What stands at a path, with the content's blob id; None where nothing does."""
        try:
            with self.folder(path) as (fd, name):
                return _entry(fd, name)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
                return None
            with told(f"'{printable(path)}' cannot be read"):
                raise

    def read(self, path: bytes, limit: int) -> bytes | None:
        """Content of a file, or a link's text."""
        try:
            with self.folder(path) as (fd, name):
                kind = os.lstat(name, dir_fd=fd).st_mode
                if stat.S_ISLNK(kind):
                    return os.readlink(name, dir_fd=fd)[:limit]
                if not stat.S_ISREG(kind):
                    return None
                with _opened(fd, name) as file:
                    return file.read(limit)
        except OSError:
            return None

    def remove(self, path: bytes) -> None:
        """Remove a file or link, and the directories above it that are empty then. What is gone is no error."""
        try:
            with self.folder(path) as (fd, name):
                os.unlink(name, dir_fd=fd)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                with told(f"'{printable(path)}' cannot be removed"):
                    raise
        self._tidy(path)

    def _tidy(self, path: bytes) -> None:
        while b"/" in path:
            path = path.rpartition(b"/")[0]
            try:
                with self.folder(path) as (fd, name):
                    os.rmdir(name, dir_fd=fd)
            except OSError:
                return

    def files_below(self, path: bytes) -> Iterator[bytes]:
        """Every path below a directory that is no directory itself."""
        with self.folder(path) as (parent, name):
            fd = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            found = sorted(os.listdir(fd))
            kinds = [stat.S_ISDIR(os.lstat(one, dir_fd=fd).st_mode) for one in found]
        finally:
            os.close(fd)
        for one, is_directory in zip(map(os.fsencode, found), kinds, strict=True):
            below = path + b"/" + one
            if is_directory:
                yield from self.files_below(below)
            else:
                yield below


def _make(path: Path) -> None:
    """A directory that others may read, whatever our umask is."""
    if path.is_dir():
        return
    _make(path.parent)
    path.mkdir(exist_ok=True)
    path.chmod(0o755)


def _enter(fd: int, part: bytes, create: bool) -> int:
    try:
        return os.open(part, _DIRECTORY, dir_fd=fd)
    except OSError as error:
        if not create or error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
            raise
    if _is_link(fd, part):
        os.unlink(part, dir_fd=fd)  # a link where a directory of ours must be is replaced, never followed
    try:
        os.mkdir(part, 0o755, dir_fd=fd)
        os.chmod(part, 0o755, dir_fd=fd)  # noqa: S103 - a delivered directory is for everyone to read
    except FileExistsError:
        pass
    return os.open(part, _DIRECTORY, dir_fd=fd)


def _is_link(fd: int, name: bytes) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=fd).st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def _opened(fd: int, name: bytes) -> Iterator[BinaryIO]:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _entry(fd: int, name: bytes) -> Entry | None:
    seen = os.lstat(name, dir_fd=fd)
    if stat.S_ISLNK(seen.st_mode):
        return Entry(SYMLINK, blob_id(os.fsencode(os.readlink(name, dir_fd=fd))))
    if stat.S_ISDIR(seen.st_mode):
        return Entry(DIRECTORY, "")
    if not stat.S_ISREG(seen.st_mode):
        return Entry(stat.S_IFMT(seen.st_mode), "")
    mode = stat.S_IFREG | stat.S_IMODE(seen.st_mode)
    try:
        with _opened(fd, name) as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except PermissionError:
        return Entry(mode, "")
    return Entry(mode, digest.hexdigest())


def temporary_name() -> bytes:
    """A name that nobody else has, beside the file it becomes."""
    return TEMPORARY + secrets.token_hex(8).encode()
