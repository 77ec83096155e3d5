"""From desired state and target to a plan: the part of the walk that refresh, sync and preview share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.environment import Environment
from app.domain.errors import TargetRefused
from app.domain.operation import Changes
from app.domain.revision import Revision
from app.domain.state.drift import acceptance
from app.domain.state.items import Change, Item, Key, printable
from app.domain.state.plan import Action, InventoryHead, LiveState, Plan, PlanItem, compare
from app.ports import DesiredState, DesiredStates, Target


@dataclass(frozen=True, slots=True)
class AppliedDelivery:
    """The delivered state. `whole`: every delivered file was looked at, not only what Git changed; `left`: what drifts
    and was not asked for."""

    revision: Revision
    state: DesiredState
    plan: Plan
    whole: bool
    left: tuple[PlanItem, ...] = ()

    @property
    def healed(self) -> tuple[str, ...]:
        """Paths at which drift was put right."""
        return tuple(printable(item.key) for item in self.plan.drift)

    @property
    def left_paths(self) -> tuple[str, ...]:
        """Paths at which drift was left."""
        return tuple(printable(item.key) for item in self.left)


def observe_and_plan(
    environment: Environment, target: Target, head: InventoryHead, desired: DesiredState, now: datetime, *, whole: bool
) -> tuple[LiveState, Plan]:
    """Observe the target, whose inventory has the given head, and compare it with the desired state.

    With `whole` every owned item is looked at; without, only those that Git changed, so that the cost follows the
    change (an interrupted apply is always looked at as a whole).
    """
    changes = changed(target, head, desired)
    keys = tuple(change.key for change in changes)
    live = target.look(keys, only=head.whole and head.state is not None and not whole)
    plan = compare(
        changes,
        live,
        prune=environment.policy.prune,
        ignored=acceptance(environment.policy.ignore, now),
    )
    return live, plan


def changed(target: Target, head: InventoryHead, desired: DesiredState) -> tuple[Change, ...]:
    """The changes from the inventory to the desired state, compared by their ids, or by listing both if need be."""
    if head.whole:
        if head.state == desired.id:
            return ()
        changes = desired.changes_since(head.state)
        if changes is not None:
            return changes
    return listed(target.inventory_items(), desired.items())


def applied_state(
    desired: DesiredStates, environment: Environment, head: InventoryHead, wanted: DesiredState
) -> DesiredState:
    """The state that an inventory lists, of which only contents will be read; the wanted one where none was applied."""
    if head.revision is None or head.state in (None, wanted.id):
        return wanted
    return desired.at(environment, head.revision, head.state)


def listed(owned: Iterable[tuple[Key, Item]], wanted: Iterable[tuple[Key, Item]]) -> tuple[Change, ...]:
    """The differences of two listings."""
    before, after = dict(owned), dict(wanted)
    return tuple(
        Change(key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )


def chosen(plan: Plan, paths: Collection[str], target: Target) -> tuple[Plan, tuple[PlanItem, ...]]:
    """The part of a plan that puts right what drifted at some paths (all of them where none are named), and what is
    left then. Raises TargetRefused where nothing can be left."""
    if not paths:
        return plan, ()
    names = frozenset(paths)
    left = tuple(item for item in plan.drift if printable(item.key) not in names)
    if left and target.entire:
        raise TargetRefused("This target is replaced as a whole, so that no path can be left as it is; heal all of it.")
    if left and plan.moved:
        raise TargetRefused("The last delivery was interrupted; deliver again or heal all of it before a part.")
    kept = {item.key for item in left}
    return replace(plan, items=tuple(item for item in plan.items if item.key not in kept)), left


def files_after(plan: Plan, owned: int) -> int:
    """How many files the inventory lists after an apply; `owned`: those that it listed before."""
    gone = sum(1 for item in plan.items if item.wanted is None and item.known is not None)
    new = sum(1 for item in plan.items if item.wanted is not None and item.known is None)
    return owned + new - gone


def changes_of(plan: Plan, owned: int) -> Changes:
    """What an apply changes, counted; `owned`: see files_after."""
    counts = plan.counts()
    created, deleted = counts[Action.CREATE], counts[Action.DELETE]
    updated = counts[Action.UPDATE] + counts[Action.TRAITS]
    return Changes(created, updated, deleted, max(0, files_after(plan, owned) - created - updated))
