"""Queries about drift: one target's drift report, and the episodes of one environment or of all."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.environment import Environment
from app.domain.identity import Identity
from app.domain.state.drift import DriftReport, Episode
from app.ports import Page, Ports
from app.queries.visibility import visible_environment


@dataclass(frozen=True, slots=True)
class EnvironmentDrift:
    """The report of the last full comparison, None before the first one."""

    environment: Environment
    report: DriftReport | None


@dataclass(frozen=True, slots=True)
class DriftEverywhere:
    """The open episodes of all environments, and a page of all episodes. `known`: there is any environment."""

    open: Page[Episode]
    page: Page[Episode]
    known: bool


class DriftQueries:
    """Reads drift reports and episodes."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def of_environment(self, identity: Identity, name: str) -> EnvironmentDrift:
        """An environment's drift report. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            environment = visible_environment(tx, identity, name)
            return EnvironmentDrift(environment, tx.drift.get(environment.id))

    def episodes(self, identity: Identity, name: str, limit: int, after: int | None) -> Page[Episode]:
        """An environment's episodes, newest first. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            return tx.episodes.page(visible_environment(tx, identity, name).id, limit, after)

    def everywhere(self, identity: Identity, open_limit: int, limit: int, after: int | None) -> DriftEverywhere:
        """Open episodes first, at most `open_limit`; then a page of all, newest first."""
        with self._store.read() as tx:
            return DriftEverywhere(
                tx.episodes.page(None, open_limit, None, open_only=True),
                tx.episodes.page(None, limit, after),
                bool(tx.environments.addresses()),
            )
