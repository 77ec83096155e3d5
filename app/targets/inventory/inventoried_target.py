"""The base of targets with an inventory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic

from app.domain.errors import TargetRefused, TargetUnreachable
from app.domain.state.items import Item
from app.domain.state.plan import InventoryHead, Plan
from app.ports import ApplyProgress, CheckResult, DesiredState
from app.targets.inventory.inventory_files import Book, Inventory


class InventoriedTarget(ABC, Generic[Book]):
    """The part of the port Target that only concerns the inventory."""

    entire = False

    def __init__(self, inventory: Inventory[Book]) -> None:
        self._inventory = inventory

    def inventory(self) -> InventoryHead:
        """What we applied last."""
        with self._inventory.read() as inventory:
            return inventory.head() if inventory else InventoryHead()

    def inventory_items(self) -> Iterator[tuple[bytes, Item]]:
        """Everything that we own, in Git's order; after an interrupted apply, as far as that came."""
        with self._inventory.looking() as inventory:
            if not inventory.head().whole:
                self._recover(inventory)
            return iter(list(inventory.items()))

    def record(self, plan: Plan, desired: DesiredState) -> None:
        """Bring the inventory to the desired state."""
        with self._inventory.alone() as inventory:
            self._recover(inventory)
            inventory.finish(plan, desired)

    def health(self) -> CheckResult | None:
        """Files say nothing of how the service is that reads them."""
        return None

    def forget(self) -> None:
        """Drop the inventory."""
        self._inventory.forget()

    @abstractmethod
    def _recover(self, inventory: Book) -> None:
        """Clean up after an interrupted apply, if there was one, and find out how far it came."""


class ApplyMeter:
    """Counts finished paths, reports the progress, and adds the count to the text of a failure."""

    def __init__(self, watch: ApplyProgress, total: int) -> None:
        self._watch, self._total, self.done = watch, total, 0

    def check(self) -> None:
        """Raises Terminated when the operation was told to stop."""
        self._watch.check()

    def step(self, path: bytes) -> None:
        """Count a finished path."""
        self.done += 1
        self._watch.progressed(self.done, self._total, path)

    @contextmanager
    def accounted(self) -> Iterator[None]:
        """Add to a failure what was changed before it."""
        try:
            yield
        except (TargetRefused, TargetUnreachable) as problem:
            changed = f"At least {self.done} of {self._total} changes were made; the next sync goes on from there."
            raise type(problem)(f"{problem.detail} {changed}") from problem
