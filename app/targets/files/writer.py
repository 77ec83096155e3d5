"""The writer: each file is old or new at every moment, because it is written beside, verified, synced and renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import SourceDamaged, TargetRefused
from app.domain.state.git_files import EXECUTABLE, SYMLINK, blob_id, blob_of
from app.domain.state.items import Item, printable
from app.ports import ContentReader
from app.targets.files.directory_listing import temporary_name
from app.targets.files.os_errors import NOTHING, as_problem
from app.targets.files.preparation import Steps
from app.targets.files.root_handle import MOVE_AWAY, Root, above, digest, parted

BATCH = 64  # files that are synced together
SYNCERS = 4
LINK_MAX = 4095
_MEND = "Mend it in Git; it was not put in place."
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class WriteProgress(Protocol):
    """Gets each finished path."""

    def check(self) -> None:
        """Called before each path; may raise to stop the apply."""

    def step(self, path: bytes) -> None:
        """Called after each path."""


@dataclass(frozen=True, slots=True)
class _Staged:
    """A file that is written but not yet renamed to its path."""

    path: bytes
    folder: int
    temporary: bytes
    file: int | None


class Writer:
    """Carries out steps below one root. `token` marks the temporary files of this apply."""

    def __init__(self, root: Root, contents: ContentReader, token: str, progress: WriteProgress) -> None:
        self._root, self._contents, self._progress = root, contents, progress
        self._token, self._number = token, 0
        self._touched: set[bytes] = set()  # directories whose names changed
        self._folders: dict[bytes, int] = {}

    def carry_out(self, steps: Steps, removable: Callable[[set[bytes]], set[bytes]]) -> set[bytes]:
        """Carry out every step. Empty directories are removed if `removable` names them; returns the removed ones."""
        self._remove(steps.first)
        self.write(steps.writes, steps.replaceable.__contains__)
        self._remove(steps.last)
        removed = self._tidy(removable({folder for path in steps.first + steps.last for folder in above(path)}))
        self.sync()
        return removed

    # --- writing ---
    def write(self, items: Sequence[tuple[bytes, Item]], replaceable: Callable[[bytes], bool]) -> None:
        """Write every entry beside its path and rename it."""
        with ThreadPoolExecutor(SYNCERS) as pool:
            for start in range(0, len(items), BATCH):
                with ExitStack() as handles:
                    self._batch(items[start : start + BATCH], replaceable, handles, pool)

    def _batch(
        self,
        items: Sequence[tuple[bytes, Item]],
        replaceable: Callable[[bytes], bool],
        handles: ExitStack,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._folders.clear()
        staged = [self._stage(path, entry, replaceable, handles) for path, entry in items]
        files = [one.file for one in staged if one.file is not None]
        with as_problem("The files cannot be synced to disk"):
            for _ in pool.map(os.fdatasync, files) if len(files) > 1 else map(os.fdatasync, files):
                pass
        for one in staged:
            self._progress.check()
            self._place(one)
            self._progress.step(one.path)

    def _stage(self, path: bytes, entry: Item, replaceable: Callable[[bytes], bool], handles: ExitStack) -> _Staged:
        self._progress.check()
        with as_problem(f"'{printable(path)}' cannot be written"):
            folder = self._folder(parted(path)[0], replaceable, handles)
            self._number += 1
            temporary = temporary_name(self._token, self._number)
            handles.callback(_discard, folder, temporary)
            if entry.traits == SYMLINK:
                self._link(path, entry, folder, temporary)
                return _Staged(path, folder, temporary, None)
            file = os.open(temporary, _NEW, 0o600, dir_fd=folder)
            handles.callback(os.close, file)
            self._fill(path, entry, file)
            return _Staged(path, folder, temporary, file)

    def _folder(self, path: bytes, replaceable: Callable[[bytes], bool], handles: ExitStack) -> int:
        """A handle of the directory that lives as long as the batch."""
        if path not in self._folders:
            fd = os.dup(self._root.make(path, replaceable, self._touched.add))
            handles.callback(os.close, fd)
            self._folders[path] = fd
            self._touched.add(path)
        return self._folders[path]

    def _fill(self, path: bytes, entry: Item, file: int) -> None:
        self._contents.write_to(path, entry, lambda chunk: _write_all(file, chunk))
        size = os.lseek(file, 0, os.SEEK_CUR)
        os.lseek(file, 0, os.SEEK_SET)
        _verify(path, digest(file, size), entry)
        os.fchmod(file, 0o755 if entry.traits == EXECUTABLE else 0o644)

    def _link(self, path: bytes, entry: Item, folder: int, temporary: bytes) -> None:
        text = bytearray()

        def collect(chunk: bytes) -> None:
            text.extend(chunk)
            if len(text) > LINK_MAX:
                raise TargetRefused(f"'{printable(path)}' is a link of more than {LINK_MAX} bytes. {_MEND}")

        self._contents.write_to(path, entry, collect)
        _verify(path, blob_id(bytes(text)), entry)
        if not text or 0 in text:
            raise TargetRefused(f"'{printable(path)}' is a link that no file system takes. {_MEND}")
        os.symlink(bytes(text), temporary, dir_fd=folder)

    def _place(self, one: _Staged) -> None:
        name = parted(one.path)[1]
        with as_problem(f"'{printable(one.path)}' cannot be put in its place"):
            try:
                os.rename(one.temporary, name, src_dir_fd=one.folder, dst_dir_fd=one.folder)
            except IsADirectoryError:
                self._clear(one.path)
                os.rename(one.temporary, name, src_dir_fd=one.folder, dst_dir_fd=one.folder)

    def _clear(self, path: bytes) -> None:
        """Remove a directory that holds nothing but empty directories."""
        found, waiting = [path], [path]
        while waiting:
            at = waiting.pop()
            with os.scandir(self._root.folder(at)) as names:
                waiting += [at + b"/" + os.fsencode(one.name) for one in names if one.is_dir(follow_symlinks=False)]
            found.extend(waiting)
        for folder in sorted(set(found), key=len, reverse=True):
            if not self._remove_folder(folder):
                raise TargetRefused(f"'{printable(path)}' must become a file, but is a filled directory. {MOVE_AWAY}")

    # --- removing ---
    def _remove(self, paths: Iterable[bytes]) -> None:
        """Remove files and links. What is gone already is no error; a directory that stands there is not ours."""
        for path in paths:
            self._progress.check()
            folder, name = parted(path)
            with as_problem(f"'{printable(path)}' cannot be removed"):
                try:
                    os.unlink(name, dir_fd=self._root.folder(folder))
                    self._touched.add(folder)
                except OSError as error:
                    if error.errno not in NOTHING | {errno.EISDIR}:
                        raise
            self._progress.step(path)

    def _tidy(self, folders: Iterable[bytes]) -> set[bytes]:
        """Remove directories that are empty, the deepest first."""
        deepest_first = sorted(folders, key=lambda folder: folder.count(b"/"), reverse=True)
        return {folder for folder in deepest_first if self._remove_folder(folder)}

    def _remove_folder(self, path: bytes) -> bool:
        """Whether the directory is gone."""
        parent, name = parted(path)
        try:
            os.rmdir(name, dir_fd=self._root.folder(parent))
        except OSError as error:
            return error.errno in (errno.ENOENT, errno.ENOTDIR)
        self._root.leave()
        self._touched.discard(path)
        self._touched.add(parent)
        return True

    def sync(self) -> None:
        """Make names durable. A directory that somebody removed meanwhile needs none."""
        for folder in sorted(self._touched):
            try:
                os.fsync(self._root.folder(folder))
            except OSError as error:
                if error.errno not in NOTHING:
                    with as_problem("A directory cannot be synced to disk"):
                        raise
        self._touched.clear()


def _verify(path: bytes, found: str, entry: Item) -> None:
    if found != blob_of(entry):
        raise SourceDamaged(f"'{printable(path)}' did not arrive as Git names it; it was not put in place.")


def _write_all(file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]


def _discard(folder: int, temporary: bytes) -> None:
    """Remove a temporary file that was not renamed."""
    try:
        os.unlink(temporary, dir_fd=folder)
    except OSError:
        pass
