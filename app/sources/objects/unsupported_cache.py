"""What cannot be delivered, remembered by tree: looking through 50,000 files costs, looking at a change does not."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

from app.domain.state.items import Item, Unsupported
from app.git import GitFailed
from app.sources.objects import trees
from app.sources.objects.object_reader import ObjectReader

_REMEMBERED = 16
_MOST_CHANGES = 5_000  # beyond, a whole look is as quick

Found = dict[bytes, list[Unsupported]]


class Verdicts:
    """The submodules and LFS pointers of a mirror's latest trees."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._known: OrderedDict[str, Found] = OrderedDict()

    def of(self, reader: ObjectReader, tree: str, listing: Iterator[tuple[bytes, Item]]) -> tuple[Unsupported, ...]:
        """What a tree holds that is not delivered. `listing` is read only where no known tree is near."""
        with self._turn:
            known, latest = self._known.get(tree), next(reversed(self._known.items()), None)
        if known is None:
            known = self._derived(reader, tree, *latest) if latest else None
        if known is None:
            known = trees.unsupported(reader, listing)
        with self._turn:
            self._known[tree] = known
            self._known.move_to_end(tree)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return tuple(one for path in sorted(known) for one in known[path])

    @staticmethod
    def _derived(reader: ObjectReader, tree: str, old: str, found: Found) -> Found | None:
        changes = []
        try:
            for change in trees.differences(reader, old, tree, most=1 << 62, submodules=True):
                changes.append(change)
                if len(changes) > _MOST_CHANGES:
                    return None
        except GitFailed:
            return None
        touched = {change.key for change in changes}
        new = ((change.key, change.after) for change in changes if change.after)
        kept = {path: item for path, item in found.items() if path not in touched}
        return {**kept, **trees.unsupported(reader, new)}
