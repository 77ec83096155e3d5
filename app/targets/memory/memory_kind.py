"""The kind "memory": files kept in this process, for tests and for trying out services. It is not registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.environment import Environment, RunsOn
from app.domain.specification.target_address import AddressForm
from app.domain.specification.target_kind import TargetKind
from app.ports import Target
from app.targets.kind_of_target import KindOfTarget
from app.targets.memory.memory_target import MemoryPlace, MemoryTarget
from app.targets.target_dependencies import TargetDependencies

MEMORY = TargetKind(
    name="memory",
    title="Memory of this process",
    help="Files that last as long as the process does; each environment has a place of its own.",
    fields=(),
    identity="memory",
    address=AddressForm("memory", "memory://", "memory://", scheme="memory"),
    runs_on=(RunsOn.SERVER, RunsOn.AGENT),
)


class MemoryKind(KindOfTarget):
    """One place for each environment's id, empty at first."""

    info = MEMORY

    def __init__(self, dependencies: TargetDependencies) -> None:
        super().__init__(dependencies)
        self.places: dict[int, MemoryPlace] = {}

    def open(self, environment: Environment, check: Callable[[], None]) -> Target:
        return MemoryTarget(self.places.setdefault(environment.id, MemoryPlace()))

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        return False
