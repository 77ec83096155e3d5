"""A shadow's commits paired with those of the environment that it shadows, each with both times of going live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.environment import Environment
from app.domain.identity import Identity
from app.domain.operation import Operation, OperationKind, Outcome, StageName
from app.ports import OperationFilter, Ports, Transaction
from app.queries.visibility import may_see, visible_environment

LOOKED_AT = 200  # operations of each side
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """One commit. `live_at`: when `environment` had it live; `would_at`: when `shadow` had planned it and would have
    begun to apply it. None where it has not come yet."""

    revision: str
    subject: str
    environment: str
    mode: str
    shadow: str
    shadow_mode: str
    live_at: datetime | None
    would_at: datetime | None

    @property
    def difference_s(self) -> float | None:
        """How much later the shadow would have been; below zero where it would have been earlier."""
        if self.live_at is None or self.would_at is None:
            return None
        return (self.would_at - self.live_at).total_seconds()


class ShadowPairs:
    """Pairs shadows with the environments that they shadow."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def pairs(self, identity: Identity, name: str) -> tuple[Pair, ...]:
        """The latest commits of an environment and its shadows (or the other way round), newest first."""
        with self._store.read() as tx:
            mine = visible_environment(tx, identity, name)
            beside = [one for one in tx.environments.beside(mine) if may_see(identity, one)]
            others = [one for one in beside if one.policy.observe is not mine.policy.observe]
            found = [_pairs(tx, *((one, mine) if mine.policy.observe else (mine, one))) for one in others]
        return tuple(pair for pairs in found for pair in pairs)


def _pairs(tx: Transaction, real: Environment, shadow: Environment) -> list[Pair]:
    live = _first(_syncs(tx, real, Outcome.DEPLOYED))
    would = _first(_syncs(tx, shadow, Outcome.OBSERVED))
    newest = sorted({**would, **live}.values(), key=lambda one: one.id, reverse=True)
    return [
        Pair(
            one.revision or "", one.subject, real.name, real.mode.value, shadow.name, shadow.mode.value,
            _live(live.get(one.revision or "")), _planned(would.get(one.revision or "")),
        )
        for one in newest if one.revision in would
    ][:SHOWN]  # fmt: skip


def _syncs(tx: Transaction, environment: Environment, outcome: Outcome) -> tuple[Operation, ...]:
    where = OperationFilter(environment_id=environment.id, kind=OperationKind.SYNC.value, outcome=outcome.value)
    return tx.operations.page(where, LOOKED_AT, None).items


def _first(newest_first: Iterable[Operation]) -> Mapping[str, Operation]:
    """{revision: the first operation about it}."""
    return {one.revision: one for one in newest_first if one.revision}


def _live(one: Operation | None) -> datetime | None:
    healthy = one.stage(StageName.HEALTHY) if one else None
    return (healthy and healthy.finished_at) or (one.finished_at if one else None)


def _planned(one: Operation | None) -> datetime | None:
    planned = one.stage(StageName.PLANNED) if one else None
    return planned.finished_at if planned else None
