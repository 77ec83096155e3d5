"""A directory on this machine, delivered in place: changed files are written beside and renamed, others stay."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from app.domain.state.plan import LiveState, Plan
from app.ports import ApplyProgress, DesiredState
from app.targets.files import directory_listing, directory_scan
from app.targets.files.allowed_roots import Location
from app.targets.files.file_inventory import FileInventory
from app.targets.files.preparation import OnDisk, prepare
from app.targets.files.root_handle import Root
from app.targets.files.writer import Writer
from app.targets.inventory.inventoried_target import ApplyMeter, InventoriedTarget
from app.targets.inventory.inventory_files import Inventory


class DirectoryTarget(InventoriedTarget[FileInventory]):
    """Implements the port Target. `check`: asked while it looks; `clock` gives ns since 1970."""

    def __init__(
        self,
        place: Location,
        inventory: Inventory[FileInventory],
        check: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(inventory)
        self._place, self._check, self._clock = place, check, clock

    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        now = self._clock()
        with self._inventory.looking() as inventory:
            if not inventory.head().whole:
                self._recover(inventory)
            with self._live() as root:
                if only:
                    return directory_scan.look_at(root, inventory, wanted)
                git_dir = self._inventory.folder / "git"
                return directory_scan.look_everywhere(root, inventory, git_dir, wanted, now, self._check)

    def read(self, path: bytes, limit: int) -> bytes | None:
        with self._live() as root:
            return root.read(path, limit) if root else None

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        with self._inventory.alone() as inventory:
            self._recover(inventory)
            with self._place.made() as root:
                steps = prepare(OnDisk(root), inventory, plan)
                token = secrets.token_hex(6)
                inventory.begin(plan.items, token, lambda: inventory.folders.add(steps.folders))
                meter = ApplyMeter(progress, len(plan.work))
                with meter.accounted(), desired.contents() as contents:
                    removed = Writer(root, contents, token, meter).carry_out(steps, inventory.folders.made)
            inventory.finish(plan, desired, lambda: inventory.folders.remove(removed))

    # --- for layouts ---
    @contextmanager
    def _live(self) -> Iterator[Root | None]:
        """The live directory."""
        root = self._place.open()
        try:
            yield root
        finally:
            if root:
                root.close()

    def _recover(self, inventory: FileInventory) -> None:
        """Clean up after an interrupted apply, if any, and find out which items it had changed."""
        token = inventory.fact("applying")
        if token is None:
            return
        with self._live() as root:
            if root:
                directory_listing.sweep(root, token)
            inventory.recover(lambda path: root.examine(path).entry if root else None)
