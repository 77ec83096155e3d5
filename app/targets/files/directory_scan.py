"""The scan of a directory: deviations from the inventory, and unmanaged files."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from app.domain.errors import TargetUnreachable
from app.domain.state.git_files import mode_of
from app.domain.state.items import Item
from app.domain.state.plan import Deviation, LiveState
from app.targets.files import directory_listing, git_index, stat_scan
from app.targets.files.directory_listing import DirectoryPage, DirectoryScan, Stamp
from app.targets.files.file_inventory import FileInventory
from app.targets.files.root_handle import Root, below

SAMPLE = 200  # unmanaged paths that are named
FEW = 250  # files whose stats we compare ourselves
Moved = list[tuple[bytes, Item]]


def look_at(root: Root | None, inventory: FileInventory, wanted: Collection[bytes]) -> LiveState:
    """Compare some paths only: costs in proportion to them."""
    known = inventory.known(wanted)
    found = ((path, known.get(path), _found(root, path)) for path in sorted(set(wanted)))
    deviations = tuple(Deviation(*one) for one in found if one[1] != one[2])
    return LiveState(inventory.head(), deviations, partial=True)


def look_everywhere(
    root: Root | None,
    inventory: FileInventory,
    git_dir: Path,
    wanted: Collection[bytes],
    now: int,
    check: Callable[[], None],
) -> LiveState:
    """Compare every owned file, and count the unmanaged ones. `now`: ns since 1970; `check` is asked often."""
    if root is None:
        missing = (Deviation(path, entry, None) for path, entry in inventory.items())
        return LiveState(inventory.head(), tuple(missing))
    moved, listed = _survey(root, inventory, git_dir, check)
    deviations = _compare(root, inventory, moved, now, check)
    others = _strangers(inventory, listed, now)
    asked = set(wanted) - inventory.known(wanted).keys()
    noted = asked | (inventory.pruned() & set(others)) if others else asked
    found = ((path, _found(root, path)) for path in noted)
    deviations += [Deviation(path, None, entry) for path, entry in found if entry is not None]
    deviations.sort(key=lambda deviation: deviation.key)
    unmanaged = [path for path in others if path not in noted]
    return LiveState(inventory.head(), tuple(deviations), tuple(heapq.nsmallest(SAMPLE, unmanaged)), len(unmanaged))


def _found(root: Root | None, path: bytes) -> Item | None:
    return root.examine(path).entry if root else None


def _survey(
    root: Root, inventory: FileInventory, git_dir: Path, check: Callable[[], None]
) -> tuple[Moved, DirectoryScan]:
    """The stats of what we own are compared, by Git where that is much, and the names of everything listed."""
    few = inventory.few_rows(FEW)
    if few is not None:
        listed = directory_listing.take(root, inventory.folders.pages(), check)
        return stat_scan.moved(root, few), listed
    moved, listed = _survey_by_git(root, inventory, git_dir, check)
    if not root.in_place():
        raise TargetUnreachable(f"{root.path} was replaced while it was looked at.")
    return moved, listed


def _survey_by_git(
    root: Root, inventory: FileInventory, git_dir: Path, check: Callable[[], None]
) -> tuple[list[tuple[bytes, Item]], DirectoryScan]:
    """Git compares while we list; it goes by the path, not by our handle."""
    listed = DirectoryScan()

    def list_names() -> None:
        nonlocal listed
        listed = directory_listing.take(root, inventory.folders.pages(), check)

    return git_index.moved(git_dir, inventory, root.path, list_names), listed


def _compare(
    root: Root, inventory: FileInventory, moved: Iterable[tuple[bytes, Item]], now: int, check: Callable[[], None]
) -> list[Deviation]:
    """Read the files whose stat changed. An intact file's stat is remembered, so that it is not read again."""
    deviations, stats = [], []
    for path, known in moved:
        check()
        seen = root.examine(path)
        if seen.entry != known:
            deviations.append(Deviation(path, known, seen.entry))
        elif seen.stat and git_index.is_settled(seen.stat, now):
            stats.append((path, git_index.stat_of(seen.stat, mode_of(known.traits))))
    inventory.remember(stats)
    return deviations


def _strangers(inventory: FileInventory, listed: DirectoryScan, now: int) -> list[bytes]:
    """Every unmanaged path. A directory's names are remembered if a later change would show in its stat."""
    ours = inventory.names(listed.listed)
    pages = {
        folder: DirectoryPage(page.stamp, page.folders, tuple(name for name in page.names if name not in ours[folder]))
        for folder, page in listed.listed.items()
    }
    settled = {folder: page for folder, page in pages.items() if _is_settled(page.stamp, now)}
    inventory.folders.remember_pages(settled, pages.keys() | listed.remembered.keys())
    pages.update(listed.remembered)
    return [below(folder, name) for folder, page in pages.items() for name in page.names]


def _is_settled(stamp: Stamp, now: int) -> bool:
    return max(stamp.changed, stamp.modified) <= now - git_index.SETTLE_NS
