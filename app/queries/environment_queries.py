"""Environments: one, a page of them, and the overview of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.environment import Environment, ExternalSpec, Hold
from app.domain.errors import EnvironmentNotFound
from app.domain.identity import Identity
from app.domain.state.drift import Episode
from app.ports import EnvironmentFilter, EnvironmentRow, Page, Ports, Tally, Transaction
from app.queries.visibility import may_see, visible_environment

NAMED = 3  # environments in need of a person that the overview names


@dataclass(frozen=True, slots=True)
class Overview:
    """All environments at one moment. `needy`: the first of those that need a person, with their open drift."""

    now: datetime
    tally: Tally
    page: Page[EnvironmentRow]
    needy: tuple[tuple[Environment, Episode | None], ...]
    holds: tuple[Hold, ...]


class EnvironmentQueries:
    """Reads environments."""

    def __init__(self, ports: Ports) -> None:
        self._store, self._clock = ports.store, ports.clock

    def get(self, identity: Identity, name: str) -> Environment:
        """One environment. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            return visible_environment(tx, identity, name)

    def told_by(self, identity: Identity, hook: str) -> ExternalSpec | None:
        """The system that delivers to the environment whose webhook has this name; None where there is none."""
        try:
            with self._store.read() as tx:
                return visible_environment(tx, identity, hook).external
        except EnvironmentNotFound:
            return None

    def taken(self, identity: Identity, name: str) -> bool:
        """Whether a new environment may not have this name; that of an unseen one is taken too."""
        try:
            with self._store.read() as tx:
                tx.environments.get(name)
        except EnvironmentNotFound:
            return False
        return True

    def page(
        self, identity: Identity, where: EnvironmentFilter, now: datetime, limit: int, after: str | None
    ) -> Page[EnvironmentRow]:
        """Environments by name, their verdicts as of `now`."""
        with self._store.read() as tx:
            return _seen(identity, tx.environments.page(where, now, limit, after))

    def overview(self, identity: Identity, where: EnvironmentFilter, limit: int, after: str | None) -> Overview:
        """The counts by status, a page of environments (those that need a person first), and the first in need."""
        now = self._clock.now()
        with self._store.read() as tx:
            tally = tx.environments.tally(now)
            page = tx.environments.page(where, now, limit, after, by_need=True)
            needy = _needy(tx, identity, now) if tally.need else ()
            return Overview(now, tally, _seen(identity, page), needy, tx.environments.holds() if tally.held else ())


def _needy(tx: Transaction, identity: Identity, now: datetime) -> tuple[tuple[Environment, Episode | None], ...]:
    page = _seen(identity, tx.environments.page(EnvironmentFilter(need=True), now, NAMED, None, by_need=True))
    found = (row.environment for row in page.items)
    return tuple((one, tx.episodes.current(one.id) if one.status.drift_count else None) for one in found)


def _seen(identity: Identity, page: Page[EnvironmentRow]) -> Page[EnvironmentRow]:
    return Page(tuple(row for row in page.items if may_see(identity, row.environment)), page.next)
