"""From desired state and target to a plan: the part of the walk that refresh, sync and preview share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.domain.environment import Environment
from app.domain.state.drift import acceptance
from app.domain.state.items import Change, Item, Key
from app.domain.state.plan import InventoryHead, LiveState, Plan, compare
from app.ports import DesiredState, DesiredStates, Target


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
