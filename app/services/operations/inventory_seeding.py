"""Inventory seeding: after a switch, the new side's inventory is written so that delivered files stay managed.

It is written from the revision that is live by record, without observing the target: earlier drift reads as drift
again, and nothing is delivered anew. Server and agent call the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.environment import Environment
from app.domain.errors import Problem
from app.domain.state.items import Item, Key
from app.domain.state.plan import Action, InventoryHead, Plan, PlanItem
from app.ports import DesiredState, DesiredStates, Ports, Target


def seed_inventory(ports: Ports, environment: Environment, target: Target) -> tuple[InventoryHead, bool]:
    """Fill an inventory that was never written with the state of the live revision; returns the inventory's head, and
    True if it was filled.

    A mirror that does not know this revision (any more) leaves it empty: then the next look takes over the items that
    equal what is desired, and the next sync records them. Cheap where there is nothing to do, so every walk begins
    with it.
    """
    live, head = environment.status.revision, target.inventory()
    if live is None or head.state is not None or not head.whole or environment.policy.observe:
        return head, False
    try:
        state = _delivered(ports, environment, live)
        items = tuple(state.items())
    except Problem:
        return head, False
    seed(target, state, items)
    return target.inventory(), True


def follow_record(ports: Ports, environment: Environment, target: Target, head: InventoryHead) -> InventoryHead:
    """Bring an inventory up to what is live by record, where another server with inventories of its own has delivered
    since: it lists a revision that was live and has been left. Returns its head."""
    live = environment.status.revision
    if live is None or head.revision in (None, live) or not head.whole or environment.policy.observe:
        return head
    with ports.store.read() as tx:
        known = tx.history.find(environment.id, head.revision or "")
    if known is None or known.current:
        return head
    try:
        state = _delivered(ports, environment, live)
        items = dict(state.items())
    except Problem:
        return head
    owned = target.inventory_items()
    gone = tuple(PlanItem(key, Action.RECORD, item, None, None) for key, item in owned if key not in items)
    target.record(Plan((*gone, *recorded(items.items())), moved=True), state)
    return target.inventory()


def _delivered(ports: Ports, environment: Environment, live: str) -> DesiredState:
    """The state that a delivery of the live revision brought: the environment may ask for another path since."""
    with ports.store.read() as tx:
        known = tx.history.find(environment.id, live)
    return ports.desired.at(environment, live, known.state if known else None)


def carry(desired: DesiredStates, environment: Environment, old: Target, new: Target) -> bool:
    """Copy what one inventory lists into another one of the same place; whether there was anything to copy."""
    head = old.inventory()
    if head.state is None or not head.whole:
        return False
    seed(new, desired.at(environment, head.revision or "", head.state), old.inventory_items())
    return True


def seed(target: Target, state: DesiredState, items: Iterable[tuple[Key, Item]]) -> None:
    """Record items as ours, as if they had just been delivered."""
    target.record(Plan(recorded(items), moved=True), state)


def recorded(items: Iterable[tuple[Key, Item]]) -> tuple[PlanItem, ...]:
    """Items as a plan that only notes them."""
    return tuple(PlanItem(key, Action.RECORD, None, item, item) for key, item in items)
