"""Preparation of an apply: the order of its steps, and checks for obstacles, before any change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import TargetRefused
from app.domain.state.git_files import DIRECTORY, check_path
from app.domain.state.items import Item, printable
from app.domain.state.plan import Plan
from app.targets.files.file_inventory import FileInventory
from app.targets.files.os_errors import as_problem
from app.targets.files.root_handle import MOVE_AWAY, Root, above

NAME_MAX = 255


class Ground(Protocol):
    """The content of the target before the apply."""

    def mode_at(self, path: bytes) -> int | None:
        """The mode of what stands at a path, not followed; None where nothing of ours can stand."""
        ...

    def files_below(self, folder: bytes) -> Iterator[bytes]:
        """Every path below a directory that is no directory itself."""
        ...


class OnDisk:
    """Implements Ground over an open directory."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def mode_at(self, path: bytes) -> int | None:
        """The mode by lstat."""
        found = self._root.lstat(path)
        return found.st_mode if found else None

    def files_below(self, folder: bytes) -> Iterator[bytes]:
        """The files, by listing the directory."""
        waiting = [folder]
        while waiting:
            at = waiting.pop()
            with as_problem(f"'{printable(at)}' cannot be listed"), os.scandir(self._root.folder(at)) as found:
                names = [(os.fsencode(one.name), one.is_dir(follow_symlinks=False)) for one in found]
            for name, is_folder in names:
                if is_folder:
                    waiting.append(at + b"/" + name)
                else:
                    yield at + b"/" + name


@dataclass(frozen=True, slots=True)
class Steps:
    """A plan in order: removals that make room, what is written, all other removals. `replaceable` are files that may
    give way to a directory, `folders` the directories that will be made."""

    first: tuple[bytes, ...]
    writes: tuple[tuple[bytes, Item], ...]
    last: tuple[bytes, ...]
    replaceable: frozenset[bytes]
    folders: tuple[bytes, ...]


def prepare(ground: Ground, book: FileInventory, plan: Plan) -> Steps:
    """The steps of a plan. Raises UnsafePath or TargetRefused, naming the path and the mend, if it can't be done."""
    for item in plan.work:
        check_path(item.key)
    writes = tuple((item.key, item.wanted) for item in plan.work if item.wanted is not None)
    removals = [item.key for item in plan.work if item.wanted is None]
    _check_names(path for path, _ in writes)
    first = _making_room(writes, removals)
    folders, replaceable = _folders(ground, book, (path for path, _ in writes), first)
    _check_filled_folders(ground, plan, first)
    last = tuple(path for path in removals if path not in first)
    return Steps(tuple(sorted(first)), writes, last, frozenset(replaceable), folders)


def _check_names(paths: Iterable[bytes]) -> None:
    for path in paths:
        if any(len(name) > NAME_MAX for name in path.split(b"/")):
            raise TargetRefused(
                f"'{printable(path)}' holds a name longer than {NAME_MAX} bytes, which no file system here takes. "
                "Rename it in Git; nothing was changed."
            )


def _making_room(writes: Iterable[tuple[bytes, Item]], removals: Iterable[bytes]) -> set[bytes]:
    """Removals to do first: a file at a new directory's path, and files in a directory at a new file's path."""
    wanted = {path for path, _ in writes}
    parents = {folder for path in wanted for folder in above(path)}
    return {path for path in removals if path in parents or not wanted.isdisjoint(above(path))}


def _folders(
    ground: Ground, book: FileInventory, paths: Iterable[bytes], leaving: set[bytes]
) -> tuple[tuple[bytes, ...], set[bytes]]:
    """The directories to make, and the files that they replace: ours, or at the path of a directory of ours."""
    missing: set[bytes] = set()
    there: set[bytes] = set()
    replaceable: set[bytes] = set()
    for folder in (folder for path in paths for folder in above(path)):
        if folder in there or folder in missing:
            continue
        found = None if missing.intersection(above(folder)) else ground.mode_at(folder)
        if found is not None and stat.S_ISDIR(found):
            there.add(folder)
            continue
        missing.add(folder)
        if found is None or stat.S_ISLNK(found):
            continue
        if folder not in leaving and not book.owns_below(folder):
            raise TargetRefused(
                f"'{printable(folder)}' must become a directory, but a file stands there. {MOVE_AWAY} "
                "Nothing was changed."
            )
        replaceable.add(folder)
    return tuple(sorted(missing)), replaceable


def _check_filled_folders(ground: Ground, plan: Plan, leaving: set[bytes]) -> None:
    """Refuse a directory at a new file's path unless its files are removed first (empty directories may stay)."""
    for item in plan.work:
        if item.wanted is None or item.found is None or item.found.traits != DIRECTORY:
            continue
        foreign = next((path for path in ground.files_below(item.key) if path not in leaving), None)
        if foreign is not None:
            raise TargetRefused(
                f"'{printable(item.key)}' must become a file, but is a directory that holds '{printable(foreign)}', "
                "which is not ours. Move the directory away and sync again; nothing was changed."
            )
