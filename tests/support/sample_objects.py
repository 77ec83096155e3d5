"""A kind of target that takes objects, as docs/targets.md says: JSON documents by key, kept in memory.

It proves that the contract of objects can be kept, and that a kind needs nothing but its description and its target.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from app.domain.environment import Environment
from app.domain.errors import SourceDamaged
from app.domain.specification.target_address import AddressForm
from app.domain.specification.target_kind import Takes, TargetField, TargetKind
from app.domain.state.items import Item, Key
from app.domain.state.json_documents import document_item, readable
from app.domain.state.plan import Action, Deviation, InventoryHead, LiveState, Plan
from app.ports import ApplyProgress, CheckResult, DesiredState, Target
from app.targets.kind_of_target import KindOfTarget
from app.targets.target_dependencies import TargetDependencies

NAMED = 200  # so many unmanaged keys are told by name

SAMPLE_OBJECTS = TargetKind(
    name="sample-objects",
    title="Sample of objects",
    help="JSON documents in memory.",
    fields=(
        TargetField(
            "name", "Place", "Places with one name are one place.", placeholder="shop", required=True, limit=63
        ),
    ),
    identity="{name}",
    address=AddressForm("a sample", "sample://shop", "sample://name", scheme="sample", host="name"),
    takes=Takes.OBJECTS,
    nouns=("object", "objects"),
)


@dataclass(slots=True)
class SamplePlace:
    """What stands there."""

    documents: dict[Key, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class SampleInventory:
    """What one environment delivered."""

    known: dict[Key, Item] = field(default_factory=dict)
    pruned: set[Key] = field(default_factory=set)
    head: InventoryHead = field(default_factory=InventoryHead)


class SampleObjects:
    """Implements the port Target."""

    entire = False

    def __init__(self, place: SamplePlace, inventory: SampleInventory) -> None:
        self._place, self._inventory = place, inventory

    def inventory(self) -> InventoryHead:
        return self._inventory.head

    def inventory_items(self) -> Iterator[tuple[Key, Item]]:
        return iter(sorted(self._inventory.known.items()))

    def look(self, wanted: Collection[Key] = (), *, only: bool = False) -> LiveState:
        place, ours, asked = self._place, self._inventory, set(wanted)
        keys = sorted(asked if only else asked | ours.known.keys() | (ours.pruned & place.documents.keys()))
        compared = ((key, ours.known.get(key), self._live(key)) for key in keys)
        deviations = tuple(Deviation(*one) for one in compared if one[1] != one[2])
        if only:
            return LiveState(ours.head, deviations, partial=True)
        strange = sorted(place.documents.keys() - ours.known.keys() - ours.pruned - asked)
        return LiveState(ours.head, deviations, tuple(strange[:NAMED]), len(strange))

    def _live(self, key: Key) -> Item | None:
        return document_item(self._place.documents[key]) if key in self._place.documents else None

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        place, ours = self._place, self._inventory
        ours.head = InventoryHead(ours.head.state, ours.head.revision, whole=False)
        with desired.contents() as contents:
            for number, item in enumerate(plan.work, 1):
                progress.check()
                if item.wanted is None:
                    place.documents.pop(item.key, None)
                else:
                    parts: list[bytes] = []
                    contents.write_to(item.key, item.wanted, parts.append)
                    document = b"".join(parts)
                    if document_item(document) != item.wanted:
                        raise SourceDamaged("A document did not arrive as it was rendered.")
                    place.documents[item.key] = document
                self._note(item.key, item.wanted, item.action)
                progress.progressed(number, len(plan.work), item.key)
        self.record(plan, desired)

    def _note(self, key: Key, wanted: Item | None, action: Action) -> None:
        self._inventory.pruned.discard(key)
        if wanted is not None:
            self._inventory.known[key] = wanted
            return
        self._inventory.known.pop(key, None)
        if action is not Action.KEEP:
            self._inventory.pruned.add(key)

    def record(self, plan: Plan, desired: DesiredState) -> None:
        for item in plan.items:
            self._note(item.key, item.wanted, item.action)
        self._inventory.head = InventoryHead(desired.id, desired.revision)

    def read(self, key: Key, limit: int) -> bytes | None:
        found = self._place.documents.get(key)
        return readable(found)[:limit] if found is not None else None

    def health(self) -> CheckResult | None:
        return None

    def forget(self) -> None:
        self._inventory.known.clear()
        self._inventory.pruned.clear()
        self._inventory.head = InventoryHead()


class SampleObjectsKind(KindOfTarget):
    """Places by name, and an inventory for each environment's id: a shadow has another id, and so an empty one."""

    info = SAMPLE_OBJECTS

    def __init__(self, dependencies: TargetDependencies) -> None:
        super().__init__(dependencies)
        self.places: dict[str, SamplePlace] = {}
        self.inventories: dict[int, SampleInventory] = {}

    def open(self, environment: Environment, check: Callable[[], None]) -> Target:
        place = self.places.setdefault(str(environment.target.option("name")), SamplePlace())
        return SampleObjects(place, self.inventories.setdefault(environment.id, SampleInventory()))
