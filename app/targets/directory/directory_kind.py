"""The kind "directory": a directory on the machine of the process that delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.domain.environment import Environment, RunsOn
from app.domain.specification.reader import FieldReader, wrong
from app.domain.specification.target_address import AddressForm
from app.domain.specification.target_kind import TARGET, FieldWords, TargetFact, TargetField, TargetKind
from app.domain.specification.target_options import read_options
from app.ports import Target
from app.targets.directory.in_place import DirectoryTarget
from app.targets.directory.releases import ReleaseTarget
from app.targets.files.allowed_roots import overlaps, there
from app.targets.files.file_inventory import FileInventory
from app.targets.files.layouts import LAYOUT_FIELDS, LEFTOVERS, kept_releases, layout_fact, with_releases
from app.targets.inventory.inventory_files import Inventory
from app.targets.kind_of_target import KindOfTarget

LISTS = "lists what it delivers and touches nothing else."
PATH = TargetField(
    "path", "Directory on this machine", f"Made if it is not there. PushPull {LISTS}",
    placeholder="/srv/shop", required=True,
    on_agent=FieldWords(
        "Directory on the agent's host",
        f"Made if it is not there, below a root that the agent was given. It {LISTS}",
    ),
)  # fmt: skip
DIRECTORY = TargetKind(
    name="directory",
    title="Directory on this machine",
    title_on_agent="Directory on its agent's machine",
    help="A directory below PUSHPULL_TARGET_ROOTS on the machine that does the work: this server or an agent's host.",
    fields=(PATH, *LAYOUT_FIELDS),
    identity="{path} ({layout})",
    address=AddressForm("a directory", "/srv/shop", "a directory", path="path"),
    runs_on=(RunsOn.SERVER, RunsOn.AGENT),
    leftovers=LEFTOVERS,
)


class DirectoryKind(KindOfTarget):
    """Directories below the allowed roots."""

    info = DIRECTORY

    def check(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._options(options, *self._dependencies.places.check(options.get("path")))

    def shape(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._options(options, *there(options.get("path")))  # the agent's own roots decide when it works

    def _options(self, options: Mapping[str, Any], path: str, problem: str) -> Mapping[str, Any]:
        reader = FieldReader(options, TARGET)
        if problem:
            reader.wrong("path", problem)
        found = read_options(reader, LAYOUT_FIELDS)
        if reader.errors:
            raise wrong(reader.errors)
        return {"path": path, **found}

    def open(self, environment: Environment, check: Callable[[], None]) -> Target:
        options = environment.target.options
        place = self._dependencies.places.place(str(options.get("path", "")))
        inventory = Inventory(self._dependencies.places.state(environment.id), self.info.place(options), FileInventory)
        if with_releases(options):
            return ReleaseTarget(place, inventory, kept_releases(options), check)
        return DirectoryTarget(place, inventory, check)

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        return overlaps(str(one.get("path", "")), str(other.get("path", "")))

    def local_path(self, options: Mapping[str, Any]) -> str | None:
        """The directory itself."""
        return str(options.get("path", ""))

    def workdir(self, options: Mapping[str, Any]) -> str | None:
        """The directory that readers see, or the target's own before the first release; None before the first sync."""
        path = Path(str(options.get("path", "")))
        live = path / "current" if with_releases(options) else path
        return next((str(folder) for folder in (live, path) if folder.is_dir()), None)

    def facts(self, options: Mapping[str, Any]) -> tuple[TargetFact, ...]:
        return TargetFact("Target", str(options.get("path", ""))), layout_fact(options)
