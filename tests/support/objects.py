"""A kind of target that holds objects: keys to JSON documents, kept in memory, with an inventory of its own on disk."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any

from app.domain.environment import Environment, RunsOn
from app.domain.errors import SourceDamaged
from app.domain.specification.target_address import AddressForm
from app.domain.specification.target_kind import Takes, TargetKind
from app.domain.state.items import Item, Key
from app.domain.state.json_documents import document_item, readable
from app.domain.state.plan import Deviation, LiveState, Plan
from app.ports import ApplyProgress, CheckResult, ContentReader, DesiredState, Target
from app.targets.inventory.database import InventoryDatabase
from app.targets.inventory.inventoried_target import InventoriedTarget
from app.targets.inventory.inventory_files import Inventory
from app.targets.kind_of_target import KindOfTarget
from app.targets.target_dependencies import TargetDependencies

NAMED = 200  # so many unmanaged keys are told by name

OBJECTS = TargetKind(
    name="objects",
    title="Objects in memory",
    help="JSON documents by key.",
    fields=(),
    identity="objects",
    address=AddressForm("objects", "objects://", "objects://", scheme="objects"),
    takes=Takes.OBJECTS,
    nouns=("object", "objects"),
    runs_on=(RunsOn.SERVER,),
)


class Cluster:
    """What stands there, and how it says that it is."""

    def __init__(self) -> None:
        self.documents: dict[Key, bytes] = {}
        self.health: CheckResult | None = None


class ObjectTarget(InventoriedTarget[InventoryDatabase]):
    """Implements the port Target."""

    def __init__(self, cluster: Cluster, inventory: Inventory[InventoryDatabase]) -> None:
        super().__init__(inventory)
        self._cluster = cluster

    def look(self, wanted: Collection[Key] = (), *, only: bool = False) -> LiveState:
        documents, asked = self._cluster.documents, set(wanted)
        with self._inventory.looking() as inventory:
            self._recover(inventory)
            known, pruned = dict(inventory.items()), inventory.pruned()
            keys = asked if only else asked | known.keys() | (pruned & documents.keys())
            compared = ((key, known.get(key), self._found(key)) for key in sorted(keys))
            deviations = tuple(Deviation(*one) for one in compared if one[1] != one[2])
            strange = () if only else tuple(sorted(documents.keys() - known.keys() - pruned - asked))
            return LiveState(inventory.head(), deviations, strange[:NAMED], len(strange), partial=only)

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        with self._inventory.alone() as inventory:
            self._recover(inventory)
            inventory.begin(plan.items, secrets.token_hex(6))
            with desired.contents() as contents:
                for number, item in enumerate(plan.work, 1):
                    progress.check()
                    if item.wanted:
                        self._cluster.documents[item.key] = _document(contents, item.key, item.wanted)
                    else:
                        self._cluster.documents.pop(item.key, None)
                    progress.progressed(number, len(plan.work), item.key)
            inventory.finish(plan, desired)

    def read(self, key: Key, limit: int) -> bytes | None:
        found = self._cluster.documents.get(key)
        return readable(found)[:limit] if found is not None else None

    def health(self) -> CheckResult | None:
        return self._cluster.health

    def _recover(self, inventory: InventoryDatabase) -> None:
        if inventory.fact("applying") is not None:
            inventory.recover(self._found)

    def _found(self, key: Key) -> Item | None:
        found = self._cluster.documents.get(key)
        return document_item(found) if found is not None else None


def _document(contents: ContentReader, key: Key, item: Item) -> bytes:
    parts: list[bytes] = []
    contents.write_to(key, item, parts.append)
    document = b"".join(parts)
    if document_item(document) != item:
        raise SourceDamaged("A document did not arrive as it was rendered.")
    return document


class ObjectKind(KindOfTarget):
    """One cluster for each environment's id."""

    info = OBJECTS

    def __init__(self, dependencies: TargetDependencies) -> None:
        super().__init__(dependencies)
        self.clusters: dict[int, Cluster] = {}

    def open(self, environment: Environment, check: Callable[[], None]) -> Target:
        cluster = self.clusters.setdefault(abs(environment.id), Cluster())
        state = self._dependencies.places.state(environment.id)
        return ObjectTarget(cluster, Inventory(state, self.info.place(environment.target.options), InventoryDatabase))

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        return False
