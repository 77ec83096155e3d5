"""Writing files so that each is old or new at every moment: beside it, synced, renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from app.domain.errors import SourceDamaged, TargetRefused
from app.domain.tree import EXECUTABLE, SYMLINK, Entry, printable
from app.ports import Contents
from app.targets.files import Root, temporary_name, told

BATCH = 128
SYNCERS = 8
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True)
class _Pending:
    """A file that is written but not yet in its place."""

    path: bytes
    folder: int
    temporary: bytes
    name: bytes
    file: int | None


class Writer:
    """Writes entries below a root, in batches that are synced together."""

    def __init__(self, root: Root, contents: Contents) -> None:
        self._root = root
        self._contents = contents

    def write(self, items: Sequence[tuple[bytes, Entry]], done: Callable[[bytes], None]) -> None:
        """Bring every item to its place; `done` is called with each path once it is there (it may raise to stop)."""
        with ThreadPoolExecutor(SYNCERS) if len(items) > 1 else _no_pool() as pool:
            for start in range(0, len(items), BATCH):
                self._batch(items[start : start + BATCH], done, pool)

    def _batch(
        self, items: Sequence[tuple[bytes, Entry]], done: Callable[[bytes], None], pool: ThreadPoolExecutor | None
    ) -> None:
        pending: list[_Pending] = []
        try:
            for path, entry in items:
                pending.append(self._beside(path, entry))
            files = [one.file for one in pending if one.file is not None]
            with told("The files cannot be synced to disk"):
                list(pool.map(os.fdatasync, files) if pool else map(os.fdatasync, files))
            while pending:
                self._place(pending[0])
                path = pending[0].path
                self._close(pending.pop(0))
                done(path)
        finally:
            for left in pending:
                self._discard(left)

    def _beside(self, path: bytes, entry: Entry) -> _Pending:
        with told(f"'{printable(path)}' cannot be written"), self._root.folder(path, create=True) as (fd, name):
            one = _Pending(path, os.dup(fd), temporary_name(), name, None)
            try:
                self._fill(one, entry)
            except BaseException:
                self._discard(one)
                raise
            return one

    def _fill(self, one: _Pending, entry: Entry) -> None:
        if entry.mode == SYMLINK:
            parts: list[bytes] = []
            self._contents.write_to(entry.blob, parts.append)
            os.symlink(b"".join(parts), one.temporary, dir_fd=one.folder)
            return
        one.file = os.open(one.temporary, _NEW, 0o600, dir_fd=one.folder)
        file = one.file
        size = self._contents.write_to(entry.blob, lambda chunk: _write_all(file, chunk))
        os.fchmod(file, 0o755 if entry.mode == EXECUTABLE else 0o644)
        if os.fstat(file).st_size != size:
            raise SourceDamaged(f"'{printable(one.path)}' arrived incomplete from the mirror.")

    def _place(self, one: _Pending) -> None:
        with told(f"'{printable(one.path)}' cannot be put in its place"):
            try:
                os.rename(one.temporary, one.name, src_dir_fd=one.folder, dst_dir_fd=one.folder)
            except OSError as error:
                if error.errno not in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST):
                    raise
                self._over_directory(one)

    def _over_directory(self, one: _Pending) -> None:
        """An empty directory makes way; a filled one is refused."""
        try:
            os.rmdir(one.name, dir_fd=one.folder)
        except OSError:
            text = f"'{printable(one.path)}' is a directory that holds files which are not ours; move them away."
            raise TargetRefused(text) from None
        os.rename(one.temporary, one.name, src_dir_fd=one.folder, dst_dir_fd=one.folder)

    def _close(self, one: _Pending) -> None:
        if one.file is not None:
            os.close(one.file)
        os.close(one.folder)

    def _discard(self, one: _Pending) -> None:
        try:
            os.unlink(one.temporary, dir_fd=one.folder)
        except OSError:
            pass
        self._close(one)


@contextmanager
def _no_pool() -> Iterator[None]:
    yield None


def _write_all(file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]


def set_mode(root: Root, path: bytes, entry: Entry) -> None:
    """Give a file the permissions of its entry."""
    with told(f"'{printable(path)}' cannot be given its mode"), root.folder(path) as (fd, name):
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        try:
            os.fchmod(file, 0o755 if entry.mode == EXECUTABLE else 0o644)
        finally:
            os.close(file)
