"""Where live state is: places that plans are applied to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.domain.environment import Environment, TargetSpec
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import TargetFact
from app.domain.state.items import Item
from app.domain.state.plan import InventoryHead, LiveState, Plan
from app.ports.runtime import Runner
from app.ports.sources import Contents


class ApplyProgress(Protocol):
    """Follows an apply and may stop it between two files."""

    def progressed(self, done: int, total: int, path: bytes) -> None: ...

    def check(self) -> None:
        """Raises Terminated when the operation was told to stop."""
        ...


@dataclass(frozen=True, slots=True)
class Desired:
    """A revision's tree, ready to be applied. `entries` lists it in full (only asked for when really needed)."""

    revision: str
    tree: str
    entries: Callable[[], Iterable[tuple[bytes, Item]]]


class Target(Protocol):
    """One environment's place, with the inventory of what we applied there.

    Raises TargetUnreachable (try again) or TargetRefused (a person must act).
    """

    def inventory(self) -> InventoryHead:
        """What we applied last."""
        ...

    def inventory_entries(self) -> Iterator[tuple[bytes, Item]]:
        """Everything that we own there. Costs time in proportion; needed after an interrupted apply only."""
        ...

    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        """Compare the target with the inventory. Paths in `wanted` are looked at even if we never applied them
        (something may stand in the way); with `only`, nothing else is looked at and the result is partial."""
        ...

    def apply(self, plan: Plan, desired: Desired, contents: Contents, watch: ApplyProgress) -> None:
        """Carry out the plan and bring the inventory to `desired`. Interrupted at any point, each file is old or
        new, never torn, the inventory still lists all that is ours, and `inventory().whole` is False until done."""
        ...

    def record(self, plan: Plan, desired: Desired) -> None:
        """Bring the inventory to `desired` where the target needs no work (RECORD and KEEP items only)."""
        ...

    def read(self, path: bytes, limit: int) -> bytes | None:
        """Live content of a file (of a link, its text), at most `limit` bytes; None where nothing readable stands."""
        ...

    def forget(self) -> None:
        """Drop the inventory; the delivered files stay."""
        ...


class Targets(Protocol):
    """Opens targets by kind."""

    def kinds(self) -> KindCatalogue:
        """The descriptions of the registered kinds, in the registry's order."""
        ...

    def check(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the kind's options, normalised. Raises InvalidInput with fields "target.<name>"."""
        ...

    def shape(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Like `check`, for a target on another machine: only what can be said without looking at any."""
        ...

    def open(self, environment: Environment) -> Target: ...

    def shadow(self, environment: Environment) -> Target:
        """The place with an inventory that is empty and stays so: to look at, never to change."""
        ...

    def overlapping(self, environment: Environment, others: Mapping[str, TargetSpec]) -> str | None:
        """The name of another environment (not the same name) whose target overlaps with this one's, or None."""
        ...

    def workdir(self, environment: Environment) -> str | None:
        """Local directory in which hooks and command checks run; None where there is none."""
        ...

    def runner(self, environment: Environment) -> Runner | None:
        """The machine on which hooks and command checks run; None where it is this one."""
        ...

    def facts(self, spec: TargetSpec) -> tuple[TargetFact, ...]:
        """What people want to know about a target, the place first. Never uses the network."""
        ...

    def complete(self, spec: TargetSpec, before: TargetSpec | None = None) -> TargetSpec:
        """A checked target with what only the place itself can tell (a host key that is to be pinned). `before` is the
        environment's present one. May use the network. Raises InvalidInput with fields "target.<name>"."""
        ...

    def close(self) -> None:
        """Let go of connections that are kept; the next use makes them anew."""
        ...
