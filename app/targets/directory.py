"""A directory on this machine, delivered in place: files are written beside and renamed."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from app.domain.errors import TargetRefused
from app.domain.plan import Action, Deviation, InventoryHead, LiveState, Plan
from app.domain.tree import DIRECTORY, Entry, printable
from app.ports import Contents, Desired, Watch
from app.targets.files import Root
from app.targets.inventory import Inventory
from app.targets.writing import Writer, set_mode

SAMPLE = 200
MANY = 200


class DirectoryTarget:
    """Implements the port Target. `state` is our own directory for this environment, outside the target."""

    def __init__(self, root: Path, state: Path) -> None:
        self._path, self._state = root, state
        self._inventory = Inventory(state, root)

    def inventory(self) -> InventoryHead:
        """What was applied last."""
        return self._inventory.head()

    def inventory_entries(self) -> Iterator[tuple[bytes, Entry]]:
        """Everything we own."""
        return self._inventory.entries()

    # --- looking ---
    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        """Compare with the inventory: every owned file by its stat, and by its content where that moved."""
        self._inventory.prepare()
        head = self._inventory.head()
        if not self._path.exists() and not self._path.is_symlink():
            missing = tuple(Deviation(path, entry, None) for path, entry in self._inventory.entries())
            return LiveState(head, missing)
        with Root(self._path) as root:
            if only:
                return self._look_at(root, head, wanted)
            return self._look_everywhere(root, head, wanted)

    def _look_at(self, root: Root, head: InventoryHead, wanted: Collection[bytes]) -> LiveState:
        known = self._inventory.some(wanted)
        deviations = _deviations(root, {path: known.get(path) for path in wanted})
        return LiveState(head, deviations, partial=True)

    def _look_everywhere(self, root: Root, head: InventoryHead, wanted: Collection[bytes]) -> LiveState:
        suspects, others = self._inventory.survey()
        deviations = _deviations(root, suspects)
        if suspects and not deviations:
            with self._inventory.alone():
                self._inventory.settle()
        buried, foreign = self._inventory.tombstones(), frozenset(others)
        new: dict[bytes, Entry | None] = dict.fromkeys((buried | set(wanted)) & foreign)
        in_the_way = set(wanted) - foreign - suspects.keys()
        new |= dict.fromkeys(in_the_way - self._inventory.some(in_the_way).keys())
        returned = _deviations(root, new)
        unmanaged = sorted(foreign - buried - set(wanted))
        return LiveState(head, (*deviations, *returned), tuple(unmanaged[:SAMPLE]), len(unmanaged))

    def read(self, path: bytes, limit: int) -> bytes | None:
        """Live content."""
        if not self._path.is_dir():
            return None
        with Root(self._path) as root:
            return root.read(path, limit)

    # --- applying ---
    def apply(self, plan: Plan, desired: Desired, contents: Contents, watch: Watch) -> None:
        """Carry out the plan. The order keeps the inventory a superset of what is ours at every moment."""
        with self._inventory.alone(), Root(self._path, create=True) as root:
            interrupted = self._inventory.interrupted()
            _refuse_filled_directories(root, plan)
            with self._inventory.change(desired.tree, desired.revision):
                if interrupted:
                    for path in self._inventory.leftovers():
                        root.remove(path)
                self._carry_out(root, plan, contents, watch)

    def _carry_out(self, root: Root, plan: Plan, contents: Contents, watch: Watch) -> None:
        writes = [(item.path, item.wanted) for item in plan.items if item.wanted and item.works]
        deletes = [item.path for item in plan.items if item.action is Action.DELETE]
        first = _in_each_others_way(writes, deletes)
        step = _Steps(watch, len(plan.work))
        for path in first:
            root.remove(path)
            step(path)
        self._inventory.put((item.path, item.wanted) for item in plan.items if item.wanted)
        modes = {item.path for item in plan.items if item.action is Action.MODE}
        Writer(root, contents).write([one for one in writes if one[0] not in modes], step)
        for path, entry in writes:
            if path in modes:
                set_mode(root, path, entry)
                step(path)
        for path in deletes:
            if path not in first:
                root.remove(path)
                step(path)
        self._close(plan, len(writes))

    def _close(self, plan: Plan, written: int = 0) -> None:
        gone = [item.path for item in plan.items if item.wanted is None]
        self._inventory.drop(gone)
        pruned = [item.path for item in plan.items if item.action is Action.DELETE]
        self._inventory.bury(pruned, [item.path for item in plan.items if item.wanted])
        if written > MANY:
            self._inventory.settle()

    def record(self, plan: Plan, desired: Desired) -> None:
        """Only the inventory changes."""
        with self._inventory.alone(), self._inventory.change(desired.tree, desired.revision):
            self._inventory.put((item.path, item.wanted) for item in plan.items if item.wanted)
            self._close(plan)

    def forget(self) -> None:
        """Drop the inventory."""
        shutil.rmtree(self._state, ignore_errors=True)


class _Steps:
    """Counts paths and tells the watcher."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._done = watch, total, 0

    def __call__(self, path: bytes) -> None:
        self._done += 1
        self._watch.progressed(self._done, self._total, path)


def _deviations(root: Root, known: dict[bytes, Entry] | dict[bytes, Entry | None]) -> tuple[Deviation, ...]:
    found = ((path, entry, root.entry(path)) for path, entry in known.items())
    return tuple(Deviation(path, entry, seen) for path, entry, seen in found if seen != entry)


def _in_each_others_way(writes: list[tuple[bytes, Entry]], deletes: list[bytes]) -> set[bytes]:
    """Deletions that must come first: a file where a directory will be, files where a file will be."""
    wanted = {path for path, _ in writes}
    above = {parent for path in wanted for parent in _parents(path)}
    return {path for path in deletes if path in above or any(parent in wanted for parent in _parents(path))}


def _parents(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path


def _refuse_filled_directories(root: Root, plan: Plan) -> None:
    """A directory that stands where a file must be may only hold what this plan removes; else nothing is changed."""
    leaving = {item.path for item in plan.items if item.wanted is None and item.works}
    for item in plan.work:
        if item.wanted is None or item.found is None or item.found.mode != DIRECTORY:
            continue
        foreign = next((path for path in root.files_below(item.path) if path not in leaving), None)
        if foreign is not None:
            raise TargetRefused(
                f"'{printable(item.path)}' must become a file, but is a directory that holds '{printable(foreign)}', "
                "which is not ours. Move it away and sync again; nothing was changed."
            )
