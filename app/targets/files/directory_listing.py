"""The listing of a root: every name below it, to find unmanaged files and temporary files of a crash.

A directory whose stat is the one remembered holds the same names, so that a look costs one stat per directory.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.targets.files.os_errors import as_problem, problem
from app.targets.files.root_handle import Root, below

_TEMPORARY = re.compile(rb"\.pushpull-[0-9a-f]{12}-[0-9]+\Z")
_PREFIX = b".pushpull-"
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
UNREADABLE = b"."  # the name of everything in a directory that we may not list


def temporary_name(token: str, number: int) -> bytes:
    """The name under which a file is written before it takes its place. `token` belongs to one apply."""
    return _PREFIX + f"{token}-{number}".encode()


@dataclass(frozen=True, slots=True)
class Stamp:
    """The stat of a directory before it was listed (times in ns)."""

    inode: int
    changed: int
    modified: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """The stamp of a stat."""
        return cls(found.st_ino, found.st_ctime_ns, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """One directory: its directories, and the names beside them: all (just listed), or those that are not ours."""

    stamp: Stamp
    folders: tuple[bytes, ...]
    names: tuple[bytes, ...]


@dataclass(slots=True)
class DirectoryScan:
    """Pages by directory; our own temporary files apart."""

    listed: dict[bytes, DirectoryPage] = field(default_factory=dict)
    remembered: dict[bytes, DirectoryPage] = field(default_factory=dict)
    leftovers: list[bytes] = field(default_factory=list)


def take(root: Root, memory: Mapping[bytes, DirectoryPage], check: Callable[[], None] = lambda: None) -> DirectoryScan:
    """List every directory below a root whose stat has changed. Names that vanish meanwhile are left out. `check` is
    asked at each directory, and may raise."""
    census = DirectoryScan()
    waiting = [(b"", Stamp.of(os.fstat(root.fd)))]
    while waiting:
        check()
        folder, stamp = waiting.pop()
        page = memory.get(folder)
        if page is not None and page.stamp == stamp:
            census.remembered[folder] = page
        else:
            page = _list(root, folder, stamp, census.leftovers)
            census.listed[folder] = page
        waiting.extend(_stamps(root, folder, page.folders))
    return census


def _stamps(root: Root, folder: bytes, names: tuple[bytes, ...]) -> list[tuple[bytes, Stamp]]:
    stamps = []
    for name in names:
        try:
            found = os.stat(name, dir_fd=root.folder(folder), follow_symlinks=False)
        except OSError as error:
            if error.errno in _GONE | {errno.EACCES}:
                continue
            raise problem(f"{root.path} cannot be listed", error) from error
        if stat.S_ISDIR(found.st_mode):
            stamps.append((below(folder, name), Stamp.of(found)))
    return stamps


def _list(root: Root, folder: bytes, stamp: Stamp, leftovers: list[bytes]) -> DirectoryPage:
    folders: list[bytes] = []
    names: list[bytes] = []
    try:
        with os.scandir(root.folder(folder)) as found:
            for one in found:
                (folders if one.is_dir(follow_symlinks=False) else names).append(os.fsencode(one.name))
    except OSError as error:
        if error.errno == errno.EACCES and folder:
            return DirectoryPage(stamp, (), (UNREADABLE,))
        if error.errno not in _GONE:
            raise problem(f"{root.path} cannot be listed", error) from error
    ours = [name for name in names if name.startswith(_PREFIX) and _TEMPORARY.match(name)]
    leftovers.extend(below(folder, name) for name in ours)
    return DirectoryPage(
        stamp, tuple(folders), tuple(name for name in names if name not in ours) if ours else tuple(names)
    )


def sweep(root: Root, token: str) -> None:
    """Remove the temporary files that an interrupted apply left."""
    for path in take(root, {}).leftovers:
        folder, _, name = path.rpartition(b"/")
        if name.startswith(temporary_name(token, 0)[:-1]):
            with as_problem("A temporary file cannot be removed"):
                os.unlink(name, dir_fd=root.folder(folder))
