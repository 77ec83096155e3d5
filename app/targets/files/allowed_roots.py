"""The directories below which directory targets may lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from app.domain.errors import TargetRefused, TargetUnreachable
from app.targets.files.os_errors import as_problem
from app.targets.files.root_handle import Root

STATE = "inventories"  # below the data directory: <environment id>/ holds what we know about a target
LONGEST = 2000  # bytes of a directory's name, so that what is delivered below still fits into PATH_MAX
OWN = frozenset({STATE, "mirrors", "sources", "keys", "backups", "known_hosts", "outbox"})


def overlaps(one: str, other: str) -> bool:
    """Whether two normalised directories are the same, or one lies in the other."""
    mine, theirs = PurePath(one), PurePath(other)
    return mine == theirs or mine in theirs.parents or theirs in mine.parents


def there(given: Any) -> tuple[str, str]:
    """A directory on another machine, as written, and why it cannot be a target ("" if it can)."""
    problem = _malformed(given)
    if problem:
        return "", problem
    path = os.path.normpath(given.strip())
    if not path.startswith("/") or path.strip("/") == "":
        return "", "must be an absolute directory on the agent's machine, such as /srv/shop"
    return path, ""


def _malformed(given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        return "is required: the directory to deliver to, such as /srv/shop"
    if any(ord(char) < 32 or ord(char) == 127 for char in given) or ".." in PurePath(given).parts:
        return "must be a plain path without '..' and control characters"
    if given.strip().startswith("~"):
        return "must be written out: '~' is nobody's home here; write the whole path, such as /srv/shop"
    if len(os.fsencode(given)) > LONGEST or any(len(os.fsencode(part)) > 255 for part in PurePath(given).parts):
        return "is too long; choose a shorter directory"
    return ""


@dataclass(frozen=True, slots=True)
class Location:
    """A directory below a configured root. Links above the root are the administrator's; below it none is followed."""

    base: Path
    path: Path

    def open(self, *, create: bool = False) -> Root | None:
        """The directory, made if `create`; None where it does not exist. Raises TargetRefused, TargetUnreachable."""
        with as_problem(f"The target root {self.base} cannot be opened"):
            if not self.base.exists():
                if not create:
                    return None
                self.base.mkdir(mode=0o755, parents=True)
            top = Root(os.open(self.base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), self.base)
        with top:
            return top.descend(self.path.relative_to(self.base).parts, create=create)

    def made(self) -> Root:
        """The directory, made where it is missing."""
        root = self.open(create=True)
        if root is None:
            raise TargetUnreachable(f"{self.path} cannot be made.")
        return root


class AllowedRoots:
    """The configured roots, and the data directory, in which our own folders are out of bounds."""

    def __init__(self, data_dir: Path, roots: Sequence[Path]) -> None:
        self._data = data_dir.resolve()
        self._roots = tuple(root.resolve() for root in roots)

    def state(self, environment_id: int) -> Path:
        """The private folder of an environment's target."""
        return self._data / STATE / str(environment_id)

    def check(self, given: Any) -> tuple[str, str]:
        """A directory with links resolved, and why it cannot be a target ("" if it can)."""
        problem = _malformed(given)
        if problem:
            return "", problem
        path = Path(os.path.realpath(self._roots[0] / given.strip()))
        return str(path), self._problem(path)

    def _problem(self, path: Path) -> str:
        if self._base(path) is None:
            listed = ":".join(str(root) for root in self._roots)
            return f"{path} lies outside PUSHPULL_TARGET_ROOTS ({listed}); choose a directory below, or extend it"
        if path == self._data or path in self._data.parents:
            return f"{path} holds PushPull's own data; choose a directory of its own"
        if self._is_own(path):
            return f"{path} is PushPull's own data; choose another directory"
        if path.exists() and not path.is_dir():
            return f"{path} is a file; choose a directory"
        return ""

    def _is_own(self, path: Path) -> bool:
        if self._data not in path.parents:
            return False
        first = path.relative_to(self._data).parts[0]
        return first in OWN or first.startswith((".", "pushpull."))

    def _base(self, path: Path) -> Path | None:
        return next((root for root in self._roots if path == root or root in path.parents), None)

    def place(self, path: str) -> Location:
        """A checked directory, ready to be opened. Raises TargetRefused where the roots were narrowed since."""
        base = self._base(Path(path))
        if base is None:
            raise TargetRefused(f"{path} no longer lies below PUSHPULL_TARGET_ROOTS; extend it or move the target.")
        return Location(base, Path(path))
