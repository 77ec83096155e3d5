"""Taking over: a place that is watched from another side now, and what was delivered there stays ours.

The new side knows nothing yet, so its inventory is written from what is live by record, without looking: what had
drifted before reads as drift again, and nothing is delivered anew. Server and agent call it alike.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.environment import Environment
from app.domain.errors import Problem
from app.domain.state.items import Item
from app.domain.state.plan import Action, Plan, PlanItem
from app.ports import Desired, Source, Target
from app.services.operations.wanted_revision import desired_state


def seed_inventory(environment: Environment, source: Source, target: Target) -> bool:
    """Fill an inventory that was never written with the tree of the revision that is live; whether that was done.

    A mirror that does not know this revision (any more) leaves it empty: then the next look takes over the files that
    equal what is desired, and the next sync records them. Cheap where there is nothing to do, so every walk begins
    with it.
    """
    live, head = environment.status.revision, target.inventory()
    if live is None or head.state is not None or not head.whole or environment.policy.observe:
        return False
    try:
        state = desired_state(source, environment, live)
        entries = tuple(state.entries())
    except Problem:
        return False
    seed(target, live, state.tree, entries)
    return True


def carry(old: Target, new: Target) -> bool:
    """Copy what one inventory lists into another one of the same place; whether there was anything to copy."""
    head = old.inventory()
    if head.state is None or not head.whole:
        return False
    seed(new, head.revision or "", head.state, tuple(old.inventory_entries()))
    return True


def seed(target: Target, revision: str, tree: str, entries: Iterable[tuple[bytes, Item]]) -> None:
    """Record entries as ours, as if they had just been delivered."""
    owned = tuple(entries)
    items = tuple(PlanItem(path, Action.RECORD, None, entry, entry) for path, entry in owned)
    target.record(Plan(items, moved=True), Desired(revision, tree, lambda: owned))
