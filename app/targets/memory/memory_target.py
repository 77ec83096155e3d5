"""A target in memory: the port without a disk, for tests and for trying out services."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from app.domain.errors import SourceDamaged
from app.domain.state.git_files import blob_id, blob_of, check_path, file_item, mode_of, traits_of
from app.domain.state.items import Item
from app.domain.state.plan import Action, Deviation, InventoryHead, LiveState, Plan
from app.ports import ApplyProgress, CheckResult, ContentReader, DesiredState

SAMPLE = 200


@dataclass(slots=True)
class MemoryPlace:
    """A target's content in memory, path → (mode, content), with its inventory."""

    files: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    known: dict[bytes, Item] = field(default_factory=dict)
    pruned: set[bytes] = field(default_factory=set)
    head: InventoryHead = field(default_factory=InventoryHead)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def entry(self, path: bytes) -> Item | None:
        """The item at a path."""
        found = self.files.get(path)
        return file_item(traits_of(found[0]), blob_id(found[1])) if found else None


class MemoryTarget:
    """Implements the port Target."""

    entire = False

    def __init__(self, place: MemoryPlace) -> None:
        self._place = place

    def inventory(self) -> InventoryHead:
        return self._place.head

    def inventory_items(self) -> Iterator[tuple[bytes, Item]]:
        return iter(sorted(self._place.known.items()))

    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        place, asked = self._place, set(wanted)
        with place.lock:
            paths = asked if only else asked | place.known.keys() | (place.pruned & place.files.keys())
            compared = ((path, place.known.get(path), place.entry(path)) for path in sorted(paths))
            deviations = tuple(Deviation(*one) for one in compared if one[1] != one[2])
            if only:
                return LiveState(place.head, deviations, partial=True)
            strange = sorted(place.files.keys() - place.known.keys() - place.pruned - asked)
            return LiveState(place.head, deviations, tuple(strange[:SAMPLE]), len(strange))

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        place, work = self._place, plan.work
        for item in work:
            check_path(item.key)
        place.head = InventoryHead(place.head.state, place.head.revision, whole=False)
        with desired.contents() as contents:
            for number, item in enumerate(work, 1):
                progress.check()
                with place.lock:
                    if item.wanted is None:
                        place.files.pop(item.key, None)
                    else:
                        content = _content(contents, item.key, item.wanted)
                        place.files[item.key] = (mode_of(item.wanted.traits), content)
                    self._note(item.key, item.wanted, item.action)
                progress.progressed(number, len(work), item.key)
        self.record(plan, desired)

    def record(self, plan: Plan, desired: DesiredState) -> None:
        with self._place.lock:
            for item in plan.items:
                self._note(item.key, item.wanted, item.action)
            self._place.head = InventoryHead(desired.id, desired.revision)

    def _note(self, path: bytes, wanted: Item | None, action: Action) -> None:
        place = self._place
        if wanted is not None:
            place.known[path] = wanted
        else:
            place.known.pop(path, None)
        if wanted is None and action is not Action.KEEP:
            place.pruned.add(path)
        else:
            place.pruned.discard(path)

    def read(self, path: bytes, limit: int) -> bytes | None:
        found = self._place.files.get(path)
        return found[1][:limit] if found else None

    def health(self) -> CheckResult | None:
        return None

    def forget(self) -> None:
        with self._place.lock:
            self._place.known.clear()
            self._place.pruned.clear()
            self._place.head = InventoryHead()


def _content(contents: ContentReader, path: bytes, entry: Item) -> bytes:
    parts: list[bytes] = []
    contents.write_to(path, entry, parts.append)
    content = b"".join(parts)
    if blob_id(content) != blob_of(entry):
        raise SourceDamaged("A file did not arrive as Git names it.")
    return content
