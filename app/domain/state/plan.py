"""The one comparison: what desired state asks for, what the inventory says we applied, what the target holds.

Both the status and the diff come from the plan made here, so that an environment is never OutOfSync with an empty diff.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.state.items import Change, Item, Key
from app.domain.status import Divergence


@dataclass(frozen=True, slots=True)
class InventoryHead:
    """What we applied last, in short. `state`: the desired state's id, None before the first delivery. `whole` is False
    after an interrupted apply: the list may mix two states."""

    state: str | None = None
    revision: str | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Deviation:
    """A key at which the target differs from the inventory. `known` is None for a pruned item that came back,
    `found` is None where nothing stands."""

    key: Key
    known: Item | None
    found: Item | None


@dataclass(frozen=True, slots=True)
class LiveState:
    """What the target holds, told as differences from the inventory, sorted by key.

    `unmanaged` names keys that we never applied, the first 200 at most; `unmanaged_count` counts all of them. Neither
    counts keys that were asked for, nor those that we pruned: those are deviations.
    """

    inventory: InventoryHead
    deviations: tuple[Deviation, ...] = ()
    unmanaged: tuple[Key, ...] = ()
    unmanaged_count: int = 0
    partial: bool = False  # only some keys were looked at


class Action(StrEnum):
    """What a sync does at a key. The wire word of TRAITS is "mode": files were the first items."""

    CREATE = "create"
    UPDATE = "update"
    TRAITS = "mode"
    DELETE = "delete"
    RECORD = "record"  # live equals desired already: only the inventory changes
    KEEP = "keep"  # Git dropped it, prune is off: it stays and is no longer ours to watch


class Drift(StrEnum):
    """How live moved, in the contract's words."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    TRAITS = "mode"


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One key of a plan. `known`: inventory, `found`: live, `wanted`: desired; `drift` where live had moved."""

    key: Key
    action: Action
    known: Item | None
    found: Item | None
    wanted: Item | None
    drift: Drift | None = None

    @property
    def works(self) -> bool:
        """Whether the target itself has to change."""
        return self.action not in (Action.RECORD, Action.KEEP)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would have to happen for live to equal desired. `moved` says that Git asks for another state."""

    items: tuple[PlanItem, ...] = ()
    ignored: tuple[Key, ...] = ()
    moved: bool = False

    @property
    def work(self) -> tuple[PlanItem, ...]:
        """Items at which the target has to change."""
        return tuple(item for item in self.items if item.works)

    @property
    def drift(self) -> tuple[PlanItem, ...]:
        """Items at which live moved."""
        return tuple(item for item in self.items if item.drift is not None)

    @property
    def divergence(self) -> Divergence | None:
        """Why live differs from desired, or None. Drift is named first: Git's own move resolves itself."""
        if self.drift:
            return Divergence.DRIFT
        return Divergence.NEW_REVISION if self.moved and self.work else None

    def counts(self) -> Mapping[Action, int]:
        """How many keys there are of each action."""
        return Counter(item.action for item in self.items)


def compare(
    changes: Iterable[Change],
    live: LiveState,
    *,
    prune: bool = True,
    ignored: Callable[[Key], bool] = lambda _key: False,
) -> Plan:
    """Compare the inventory → desired state `changes` with the inventory → live deviations in `live`.

    `ignored` tells the keys at which drift is accepted; a change in Git is applied there all the same.
    """
    moves = {change.key: change for change in changes}
    drifted = {deviation.key: deviation for deviation in live.deviations}
    accepted = {key for key in drifted if key not in moves and ignored(key)}
    keys = sorted((moves.keys() | drifted.keys()) - accepted)
    made = (_item(key, moves.get(key), drifted.get(key), prune) for key in keys)
    return Plan(
        items=tuple(item for item in made if item is not None),
        ignored=tuple(sorted(accepted)),
        moved=bool(moves),
    )


def _item(key: Key, move: Change | None, deviation: Deviation | None, prune: bool) -> PlanItem | None:
    known = deviation.known if deviation else move.before if move else None
    wanted = move.after if move else known
    found = deviation.found if deviation else known
    action = _action(known, found, wanted, prune)
    in_the_way = known is None and move is not None  # never ours, so it did not drift
    drift = None if in_the_way or action is Action.KEEP else drift_of(known, found)
    return PlanItem(key, action, known, found, wanted, drift) if action else None


def drift_of(known: Item | None, found: Item | None) -> Drift | None:
    """How live moved away from the inventory at a key, or None."""
    if known == found:
        return None
    if known is None:
        return Drift.EXTRA
    if found is None:
        return Drift.MISSING
    return Drift.TRAITS if known.digest == found.digest else Drift.CHANGED


def _action(known: Item | None, found: Item | None, wanted: Item | None, prune: bool) -> Action | None:
    if found == wanted:
        return Action.RECORD if known != wanted else None
    if wanted is None:
        return Action.DELETE if prune else Action.KEEP
    if found is None:
        return Action.CREATE
    return Action.TRAITS if found.digest == wanted.digest else Action.UPDATE
