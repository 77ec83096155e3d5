"""Revisions that were live in an environment."""

from __future__ import annotations

from app.domain.environment import Environment
from app.domain.identity import Identity
from app.domain.noticing import Noticing
from app.ports import HistoryItem, Page, Ports
from app.queries.visibility import visible_environment


class HistoryQueries:
    """Reads the history of one environment."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def page(self, identity: Identity, name: str, limit: int, after: str | None) -> Page[HistoryItem]:
        """Revisions that were live, newest first. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            return tx.history.page(visible_environment(tx, identity, name).id, limit, after)

    def noticed(self, identity: Identity, name: str, limit: int, after: int | None) -> Page[Noticing]:
        """Commits that were noticed there, newest first, with their ends. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            return tx.noticings.page(visible_environment(tx, identity, name).id, limit, after)

    def find(self, identity: Identity, name: str, revision: str) -> tuple[Environment, HistoryItem | None]:
        """The environment, and a revision's latest time there, if it was ever live. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            environment = visible_environment(tx, identity, name)
            return environment, tx.history.find(environment.id, revision)
