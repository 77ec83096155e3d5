"""A directory with releases: every delivery fills a folder of its own, then one link is switched.

Readers of `current` see the old release or the new one, never a mixture. The price is a full copy per delivery.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from app.domain.errors import TargetRefused
from app.domain.plan import InventoryHead, LiveState, Plan
from app.domain.tree import Entry
from app.ports import Contents, Desired, Watch
from app.targets.directory import DirectoryTarget
from app.targets.files import Root, temporary_name, told
from app.targets.inventory import Inventory
from app.targets.writing import Writer

LINK = "current"
FOLDER = "releases"
_NAME = re.compile(r"[0-9a-f]{12}-\d+\Z")


class ReleaseTarget:
    """Implements the port Target over <root>/releases/<revision>-<n> and the link <root>/current."""

    def __init__(self, root: Path, state: Path, keep: int) -> None:
        self._root, self._state, self._keep = root, state, keep

    def _live(self) -> DirectoryTarget:
        return DirectoryTarget(self._current() or self._root / LINK / "none", self._state)

    def _current(self) -> Path | None:
        """The release that the link points at, if the link is one of ours."""
        try:
            text = os.readlink(self._root / LINK)
        except FileNotFoundError:
            return None
        except OSError:
            raise TargetRefused(f"{self._root / LINK} is not a link. Move it away and sync again.") from None
        folder, _, name = text.partition("/")
        if folder != FOLDER or not _NAME.match(name):
            raise TargetRefused(f"{self._root / LINK} points to '{text}', which is no release. Remove the link.")
        return self._root / FOLDER / name

    def inventory(self) -> InventoryHead:
        """What was applied last."""
        return Inventory(self._state, self._root).head()

    def inventory_entries(self) -> Iterator[tuple[bytes, Entry]]:
        """Everything in the live release."""
        return Inventory(self._state, self._root).entries()

    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        """Compare the live release with the inventory."""
        return self._live().look(wanted, only=only)

    def read(self, path: bytes, limit: int) -> bytes | None:
        """Live content."""
        return self._live().read(path, limit)

    def apply(self, plan: Plan, desired: Desired, contents: Contents, watch: Watch) -> None:
        """Fill a new release, then switch the link."""
        with Root(self._root, create=True):
            pass
        self._current()  # refuses a link that is not ours before anything is written
        fresh = self._fresh(desired.revision)
        inventory = Inventory(self._state, fresh)
        with inventory.alone(), inventory.change(desired.tree, desired.revision, release=fresh.name):
            entries = list(desired.entries())
            try:
                self._fill(fresh, entries, contents, watch)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
            self._switch(fresh)
            inventory.clear()
            inventory.put(entries)
            inventory.settle()
        self._retire(fresh)

    def _fresh(self, revision: str) -> Path:
        folder = self._root / FOLDER
        with Root(folder, create=True):
            numbers = [int(name.partition("-")[2]) for name in os.listdir(folder) if _NAME.match(name)]
        return folder / f"{revision[:12]}-{max(numbers, default=0) + 1}"

    def _fill(self, fresh: Path, entries: list[tuple[bytes, Entry]], contents: Contents, watch: Watch) -> None:
        done = 0

        def step(path: bytes) -> None:
            nonlocal done
            done += 1
            watch.progressed(done, len(entries), path)

        with Root(fresh, create=True) as root:
            Writer(root, contents).write(entries, step)

    def _switch(self, fresh: Path) -> None:
        """Point the link at the release, atomically."""
        with told(f"{self._root / LINK} cannot be switched"), Root(self._root) as root:
            name = temporary_name()
            os.symlink(f"{FOLDER}/{fresh.name}", name, dir_fd=root.fd)
            os.rename(name, LINK, src_dir_fd=root.fd, dst_dir_fd=root.fd)
            os.fsync(root.fd)

    def _retire(self, live: Path) -> None:
        """Remove the oldest releases beyond those to keep."""
        names = sorted((name for name in os.listdir(live.parent) if _NAME.match(name)), key=_number)
        for name in names[: -self._keep]:
            if name != live.name:
                shutil.rmtree(live.parent / name, ignore_errors=True)

    def record(self, plan: Plan, desired: Desired) -> None:
        """Only the inventory changes."""
        self._live().record(plan, desired)

    def forget(self) -> None:
        """Drop the inventory."""
        shutil.rmtree(self._state, ignore_errors=True)


def _number(name: str) -> int:
    return int(name.partition("-")[2])
