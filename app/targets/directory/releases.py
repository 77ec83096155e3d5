"""A directory with releases: each delivery fills a folder of its own, then one link is switched.

Readers of `current` see one release or the other, never a mixture. The price: every delivery writes the whole tree.
A release is ours as a whole; what must outlive a delivery (uploads, databases) belongs elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator

from app.domain.errors import Problem, TargetRefused
from app.domain.state.git_files import check_path
from app.domain.state.items import Item
from app.domain.state.plan import Plan
from app.ports import ApplyProgress, DesiredState
from app.targets.directory.in_place import DirectoryTarget
from app.targets.files import directory_listing
from app.targets.files.allowed_roots import Location
from app.targets.files.file_inventory import FileInventory
from app.targets.files.os_errors import as_problem
from app.targets.files.root_handle import Root, below, lstat_in, parted
from app.targets.files.writer import Writer
from app.targets.inventory.inventoried_target import ApplyMeter
from app.targets.inventory.inventory_files import Inventory

LINK = b"current"
FOLDER = "releases"
_NAME = re.compile(r"[0-9A-Za-z]{1,12}-[0-9]+\Z")


class ReleaseTarget(DirectoryTarget):
    """Implements the port Target over <path>/releases/<revision>-<n> and the link <path>/current."""

    entire = True

    def __init__(
        self,
        place: Location,
        inventory: Inventory[FileInventory],
        keep: int,
        check: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(place, inventory, check, clock)
        self._keep = keep

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        with self._inventory.alone() as inventory, self._place.made() as top:
            _discard(top, inventory.fact("applying"))
            self._recover(inventory)
            _current(top)  # refuses what is no link before anything is written
            with top.made(FOLDER) as folder:
                self._clean(inventory, folder)
                entries = dict(desired.items())
                name = self._kept(inventory, folder, desired.id, entries)
                fresh = name or f"{desired.revision[:12]}-{inventory.releases.next_number()}"
                token = secrets.token_hex(6)
                inventory.begin(plan.items, token, lambda: None if name else inventory.releases.add(fresh, desired.id))
                if not name:
                    self._fill(folder, fresh, entries, desired, token, progress)
                _switch(top, fresh, token)
                inventory.finish(plan, desired, lambda: inventory.releases.complete(fresh))
                for old, _ in inventory.releases.all(complete=True)[self._keep :]:
                    if old != fresh:
                        _remove(inventory, folder, old)

    def _kept(self, book: FileInventory, folder: Root, tree: str, entries: dict[bytes, Item]) -> str | None:
        """An intact release of this tree; every file is read to verify that."""
        for name, of in book.releases.all(complete=True):
            root = folder.descend([name]) if of == tree else None
            if root is not None:
                with root:
                    if _unaltered(root, entries, self._check):
                        return name
        return None

    def _fill(
        self,
        folder: Root,
        name: str,
        entries: dict[bytes, Item],
        desired: DesiredState,
        token: str,
        progress: ApplyProgress,
    ) -> None:
        meter = ApplyMeter(progress, len(entries))
        for path in entries:
            check_path(path)
        with meter.accounted(), folder.made(name) as root, desired.contents() as contents:
            writer = Writer(root, contents, token, meter)
            writer.write(tuple(entries.items()), lambda _: False)
            writer.sync()

    @contextlib.contextmanager
    def _live(self) -> Iterator[Root | None]:
        top = self._place.open()
        if top is None:
            yield None
            return
        with top:
            name = _current(top)
            root = top.descend([FOLDER, name]) if name else None
            try:
                yield root
            finally:
                if root:
                    root.close()

    def _clean(self, book: FileInventory, folder: Root) -> None:
        """Remove releases whose delivery or removal did not finish."""
        for name, _ in book.releases.all(complete=False):
            _remove(book, folder, name)


def _current(top: Root) -> str | None:
    """The release that the link names; None if it names none, so that no release is live."""
    found = lstat_in(top.fd, LINK)
    if found is None:
        return None
    if not stat.S_ISLNK(found.st_mode):
        raise TargetRefused(f"{top.path / 'current'} must be a link, but something else stands there. Move it away.")
    folder, _, name = os.fsdecode(os.readlink(LINK, dir_fd=top.fd)).partition("/")
    return name if folder == FOLDER and _NAME.match(name) else None


def _unaltered(root: Root, entries: dict[bytes, Item], check: Callable[[], None]) -> bool:
    listed = directory_listing.take(root, {}, check)
    if sum(len(page.names) for page in listed.listed.values()) != len(entries):
        return False
    return all(root.examine(path).entry == entry for path, entry in entries.items())


def _switch(top: Root, name: str, token: str) -> None:
    """Point the link at a release, atomically."""
    temporary = directory_listing.temporary_name(token, 0)
    with as_problem(f"{top.path / 'current'} cannot be switched"):
        os.symlink(f"{FOLDER}/{name}", temporary, dir_fd=top.fd)
        os.rename(temporary, LINK, src_dir_fd=top.fd, dst_dir_fd=top.fd)
        os.fsync(top.fd)


def _discard(top: Root, token: str | None) -> None:
    """Remove the link that an interrupted switch left beside `current`."""
    if token is not None and lstat_in(top.fd, directory_listing.temporary_name(token, 0)) is not None:
        os.unlink(directory_listing.temporary_name(token, 0), dir_fd=top.fd)


def _remove(inventory: FileInventory, folder: Root, name: str) -> None:
    """Remove a release. What cannot be removed now is tried again with the next delivery."""
    inventory.releases.retire(name, removed=False)
    with contextlib.suppress(OSError, Problem):
        root = folder.descend([name])
        if root is not None:
            with root:
                _empty(root)
            os.rmdir(name, dir_fd=folder.fd)
        inventory.releases.retire(name, removed=True)


def _empty(root: Root) -> None:
    """Remove everything below a directory, however deep."""
    found, waiting = [], [b""]
    while waiting:
        at = waiting.pop()
        found.append(at)
        fd = root.folder(at)
        with os.scandir(fd) as names:
            kinds = [(os.fsencode(one.name), one.is_dir(follow_symlinks=False)) for one in names]
        for name, is_folder in kinds:
            if is_folder:
                waiting.append(below(at, name))
            else:
                os.unlink(name, dir_fd=fd)
    for at in reversed(found[1:]):
        parent, name = parted(at)
        os.rmdir(name, dir_fd=root.folder(parent))
