"""What a kind of target brings along, and the kind "directory"."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from app.domain.environment import Environment
from app.domain.errors import InvalidInput
from app.ports import Runner, Target, TargetKind
from app.targets.directory.allowed_roots import AllowedRoots, overlaps, there
from app.targets.directory.in_place import DirectoryTarget
from app.targets.directory.releases import ReleaseTarget
from app.targets.inventory.inventory_files import Inventory

IN_PLACE, RELEASES = "in_place", "releases"
KEEP_RELEASES = 5


class KindOfTarget(Protocol):
    """An entry of the registry."""

    @property
    def info(self) -> TargetKind:
        """Name, title and options, for pages and messages."""
        ...

    def check(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options, normalised. Names of options are checked by the registry. Raises InvalidInput."""
        ...

    def shape(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same for a target on another machine, without looking at this one."""
        ...

    def open(self, environment: Environment) -> Target:
        """One environment's target."""
        ...

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether two targets of this kind share a place."""
        ...

    def workdir(self, options: Mapping[str, Any]) -> str | None:
        """Where commands run, if there is such a place."""
        ...

    def credentials(self, options: Mapping[str, Any]) -> Mapping[str, str]:
        """Names of the credentials that it is reached with, by field."""
        ...

    def complete(self, options: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Checked options with what only the place itself can tell; `before` are those of the same environment. May
        use the network. Raises InvalidInput."""
        ...

    def runner(self, options: Mapping[str, Any]) -> Runner | None:
        """Where hooks run and services are asked, unless it is this machine."""
        ...

    def facts(self, options: Mapping[str, Any]) -> Mapping[str, str]:
        """What people want to know, by title, the place first."""
        ...

    def place(self, options: Mapping[str, Any]) -> str:
        """What the inventory belongs to: the same text for the same place, however it is reached."""
        ...


class OnThisMachine:
    """What kinds have in common that need no network."""

    def credentials(self, options: Mapping[str, Any]) -> Mapping[str, str]:
        """It needs none."""
        return {}

    def complete(self, options: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Nothing is missing."""
        return options

    def runner(self, options: Mapping[str, Any]) -> Runner | None:
        """Commands run here."""
        return None

    def facts(self, options: Mapping[str, Any]) -> Mapping[str, str]:
        """Where it is."""
        return {"Target": str(options.get("path", "in memory"))}

    def place(self, options: Mapping[str, Any]) -> str:
        """Directory and layout."""
        return f"{options.get('path')} ({options.get('layout') or IN_PLACE})"


class DirectoryKind(OnThisMachine):
    """A directory on the machine on which the work is done."""

    info = TargetKind("directory", "Directory on this machine", ("path", "layout", "keep_releases"))

    def __init__(self, places: AllowedRoots) -> None:
        self._places = places

    def check(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """{"path": absolute, "layout": "in_place" | "releases", "keep_releases": 1..100 (with releases only)}."""
        return self._options(options, *self._places.check(options.get("path")))

    def shape(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """A directory on an agent's machine; that machine's own roots decide when it is worked on."""
        return self._options(options, *there(options.get("path")))

    def _options(self, options: Mapping[str, Any], path: str, problem: str) -> Mapping[str, Any]:
        wrong: dict[str, str] = {}
        layout, keep = options.get("layout") or IN_PLACE, options.get("keep_releases")
        if problem:
            wrong["target.path"] = problem
        if layout not in (IN_PLACE, RELEASES):
            wrong["target.layout"] = f"must be {IN_PLACE} or {RELEASES}"
        if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or not 1 <= keep <= 100):
            wrong["target.keep_releases"] = "must be a whole number from 1 to 100"
        if wrong:
            raise InvalidInput(fields=wrong)
        releases = {"keep_releases": keep or KEEP_RELEASES} if layout == RELEASES else {}
        return {"path": path, "layout": layout, **releases}

    def open(self, environment: Environment) -> Target:
        """The directory, with its inventory."""
        option = environment.target.option
        place, layout = self._places.place(str(option("path", ""))), str(option("layout") or IN_PLACE)
        inventory = Inventory(self._places.state(environment.id), self.place(environment.target.options))
        if layout == RELEASES:
            return ReleaseTarget(place, inventory, int(option("keep_releases") or KEEP_RELEASES))
        return DirectoryTarget(place, inventory)

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether one directory is the other, or lies in it."""
        return overlaps(str(one.get("path", "")), str(other.get("path", "")))

    def workdir(self, options: Mapping[str, Any]) -> str | None:
        """The directory that readers see, or the target's own before the first release; None before the first sync."""
        path = Path(str(options.get("path", "")))
        live = path / "current" if options.get("layout") == RELEASES else path
        return next((str(folder) for folder in (live, path) if folder.is_dir()), None)
