"""From desired state and target to a plan: the part of the walk that refresh, sync and preview share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.domain.environment import Environment
from app.domain.errors import RevisionNotFound
from app.domain.state.drift import acceptance
from app.domain.state.git_files import EMPTY_TREE
from app.domain.state.items import Change, Item
from app.domain.state.plan import InventoryHead, LiveState, Plan, compare
from app.ports import Desired, Source, Target


def observe_and_plan(
    environment: Environment, source: Source, target: Target, desired: Desired, now: datetime, *, whole: bool
) -> tuple[LiveState, Plan]:
    """Observe the target and compare it with the desired state.

    With `whole` every owned file is looked at; without, only the paths that Git changed, so that the cost follows
    the change (an interrupted apply is always looked at as a whole).
    """
    head = target.inventory()
    changes = changed(source, target, head, desired)
    paths = tuple(change.key for change in changes)
    live = target.look(paths, only=head.whole and head.state is not None and not whole)
    plan = compare(
        changes,
        live,
        prune=environment.policy.prune,
        ignored=acceptance(environment.policy.ignore, now),
        desired_empty=desired.tree == EMPTY_TREE,
    )
    return live, plan


def changed(source: Source, target: Target, head: InventoryHead, desired: Desired) -> tuple[Change, ...]:
    """What differs between the inventory and the desired tree: by tree ids, or by listing both when that can't do."""
    if head.whole:
        if head.state == desired.tree:
            return ()
        try:
            return source.changes(head.state or EMPTY_TREE, desired.tree)
        except RevisionNotFound:
            pass  # the mirror was cloned again and no longer knows the old tree
    return listed(target.inventory_entries(), desired.entries())


def listed(owned: Iterable[tuple[bytes, Item]], wanted: Iterable[tuple[bytes, Item]]) -> tuple[Change, ...]:
    """The differences of two listings."""
    before, after = dict(owned), dict(wanted)
    return tuple(
        Change(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )
