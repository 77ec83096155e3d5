"""Where live state is: places that plans are applied to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

from app.domain.environment import Environment, TargetSpec
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import TargetFact
from app.domain.state.items import Item, Key
from app.domain.state.plan import InventoryHead, LiveState, Plan
from app.ports.desired import DesiredState
from app.ports.runtime import CheckResult, Runner


class ApplyProgress(Protocol):
    """Follows an apply and may stop it between two items."""

    def progressed(self, done: int, total: int, key: Key) -> None:
        """`done` of `total` items are as they should be, the one at `key` is the latest."""
        ...

    def check(self) -> None:
        """Raises Terminated when the operation was told to stop."""
        ...


class Target(Protocol):
    """One environment's place, with the inventory of what we applied there.

    Raises TargetUnreachable (try again) or TargetRefused (a person must act). `entire`: an apply brings everything to
    the desired state at once, so that no item can be left as it is.
    """

    entire: bool

    def inventory(self) -> InventoryHead:
        """What we applied last: the state's id, its revision, and whether the last apply came to its end."""
        ...

    def inventory_items(self) -> Iterator[tuple[Key, Item]]:
        """Everything that we own there, sorted by key. Costs time in proportion to its number; needed after an
        interrupted apply, and where two states cannot be compared by their ids."""
        ...

    def look(self, wanted: Collection[Key] = (), *, only: bool = False) -> LiveState:
        """Compare the target with the inventory. Keys in `wanted` are looked at even if we never applied them
        (something may stand in the way); with `only`, nothing else is looked at and the result is partial."""
        ...

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        """Carry out the plan and bring the inventory to `desired`, whose contents it reads. Interrupted at any point,
        each item is old or new, never torn, the inventory still lists all that is ours, and `inventory().whole` is
        False until done."""
        ...

    def record(self, plan: Plan, desired: DesiredState) -> None:
        """Bring the inventory to `desired` where the target needs no work (RECORD and KEEP items only)."""
        ...

    def read(self, key: Key, limit: int) -> bytes | None:
        """Live content of an item (of a link, its text), at most `limit` bytes; None where nothing readable stands."""
        ...

    def health(self) -> CheckResult | None:
        """How what was delivered is, as the target itself tells it; None where it has no opinion. The environment's
        own health check is asked as well, and the worse of both counts."""
        ...

    def forget(self) -> None:
        """Drop the inventory; what was delivered stays."""
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

    def open(self, environment: Environment, check: Callable[[], None] = lambda: None) -> Target:
        """An environment's target. Raises TargetRefused where its kind or its place is not allowed (any more).
        `check`: asked while the target waits for anything; what it raises ends the wait."""
        ...

    def shadow(self, environment: Environment, check: Callable[[], None] = lambda: None) -> Target:
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
