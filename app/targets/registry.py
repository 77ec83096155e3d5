"""Which kinds of target there are, how their options are checked, and how they are opened."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.domain.environment import Environment, TargetSpec
from app.domain.errors import InvalidInput
from app.ports import Target, TargetKind
from app.targets.directory import DirectoryTarget
from app.targets.releases import ReleaseTarget

KINDS: Mapping[str, TargetKind] = {
    "directory": TargetKind("directory", "Directory on this machine", ("path", "layout", "keep_releases")),
}
LAYOUTS = ("in_place", "releases")
OWN = ("mirrors", "inventories", "pushpull.db", "secret.key", "signing.key")


class TargetRegistry:
    """Implements the port Targets."""

    def __init__(self, data_dir: Path, roots: Sequence[Path]) -> None:
        self._data_dir, self._roots = data_dir.resolve(), tuple(root.resolve() for root in roots)

    def kinds(self) -> Mapping[str, TargetKind]:
        """By name."""
        return KINDS

    def check(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options, normalised."""
        known = KINDS.get(kind)
        if known is None:
            raise InvalidInput(fields={"target.kind": f"must be one of {', '.join(KINDS)}"})
        errors = {f"target.{name}": f"is not known here; known are {', '.join(known.fields)}"
                  for name in options if name not in known.fields}  # fmt: skip
        path, problem = self._path(options.get("path"))
        layout, keep = options.get("layout", "in_place"), options.get("keep_releases", 5)
        if problem:
            errors["target.path"] = problem
        if layout not in LAYOUTS:
            errors["target.layout"] = f"must be one of {', '.join(LAYOUTS)}"
        if isinstance(keep, bool) or not isinstance(keep, int) or not 1 <= keep <= 100:
            errors["target.keep_releases"] = "must be a whole number from 1 to 100"
        if errors:
            raise InvalidInput(fields=errors)
        releases = {"layout": layout, "keep_releases": keep} if layout == "releases" else {}
        return {"path": str(path), **releases}

    def _path(self, given: Any) -> tuple[Path, str]:
        """The directory with links resolved, and why it cannot be a target ("" if it can)."""
        if not isinstance(given, str) or not given.strip() or any(ord(c) < 32 for c in given):
            return Path(), "must be a directory such as /srv/shop"
        if ".." in Path(given).parts:
            return Path(), "must not contain '..'"
        path = Path(os.path.realpath(self._roots[0] / given))
        inside = any(root in path.parents for root in self._roots)
        if not inside:
            allowed = ":".join(map(str, self._roots))
            return path, f"lies outside the directories that may be targets ({allowed}); extend PUSHPULL_TARGET_ROOTS"
        reserved = {self._data_dir / name for name in OWN} | {self._data_dir}
        if path in reserved or any(parent in reserved - {self._data_dir} for parent in path.parents):
            return path, "is PushPull's own data; choose another directory"
        if path in self._data_dir.parents:
            return path, "holds PushPull's own data; choose another directory"
        if path.exists() and not path.is_dir():
            return path, "is a file; choose a directory"
        return path, ""

    def open(self, environment: Environment) -> Target:
        """An environment's place."""
        path, state = Path(environment.target.option("path")), self._data_dir / "inventories" / str(environment.id)
        if environment.target.option("layout") == "releases":
            return ReleaseTarget(path, state, environment.target.option("keep_releases", 5))
        return DirectoryTarget(path, state)

    def overlapping(self, environment: Environment, others: Mapping[str, TargetSpec]) -> str | None:
        """The environment whose directory contains this one's, or lies in it."""
        mine = Path(environment.target.option("path"))
        for name, target in others.items():
            theirs = Path(target.option("path", ""))
            same = theirs == mine or theirs in mine.parents or mine in theirs.parents
            if name != environment.name and target.kind == environment.target.kind and same:
                return name
        return None

    def workdir(self, environment: Environment) -> str | None:
        """Where commands run."""
        path = Path(environment.target.option("path"))
        place = path / "current" if environment.target.option("layout") == "releases" else path
        return str(place) if place.is_dir() else None
