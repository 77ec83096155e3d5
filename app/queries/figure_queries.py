"""The figures for monitoring: counts without names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.events import Event, EventType
from app.domain.identity import Identity
from app.domain.operation import Operation
from app.ports import Ports, Tally
from app.queries.event_queries import ended_operation

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """The current counts. `polls`, `webhooks`: of the last hour, by result and by state; `operations`: by phase."""

    tally: Tally
    polls: Mapping[str, int]
    webhooks: Mapping[str, int]
    operations: Mapping[str, int]


class FigureQueries:
    """Counts environments, polls, webhooks and operations."""

    def __init__(self, ports: Ports) -> None:
        self._store, self._clock = ports.store, ports.clock

    def now(self, identity: Identity) -> Figures:
        """Environments, polls, webhooks and operations in numbers."""
        now = self._clock.now()
        with self._store.read() as tx:
            polls, webhooks = Counter[str](), tx.facts.webhooks(now - WINDOW, now)
            for run in tx.facts.polls(now - WINDOW, now):
                polls[run.result] += run.times
            return Figures(tx.environments.tally(now), polls, webhooks, tx.operations.active_counts())

    def since(
        self, identity: Identity, id: int, limit: int, types: Collection[EventType]
    ) -> tuple[tuple[Event, Operation | None], ...]:
        """Events of some types behind an id, oldest first, each that ended an operation with it (None where it is
        gone)."""
        with self._store.read() as tx:
            return tuple((event, ended_operation(tx, event)) for event in tx.ledger.page(id, limit, types=types))
