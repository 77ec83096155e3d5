"""The registry of environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.environment import Environment, Hold, Status, TargetSpec
from app.ports.storage.pages import Page


@dataclass(frozen=True, slots=True)
class EnvironmentFilter:
    """What the overview and `GET /environments` may be narrowed by. `need`: only those that need a person."""

    search: str = ""
    mode: str = ""
    sync: str = ""
    health: str = ""
    need: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """An environment as a line of the overview. `days` are the last 14 days, oldest first: deliveries, failures,
    whether it was in drift."""

    environment: Environment
    days: tuple[tuple[int, int, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many environments there are, and in which state (verdicts aged to now)."""

    total: int
    by_sync: Mapping[str, int]
    by_health: Mapping[str, int]
    by_mode: Mapping[str, int]
    need: int
    held: int


class Environments(Protocol):
    """The registry."""

    def add(self, environment: Environment) -> Environment:
        """Store it under a new id (the given one is ignored). Raises EnvironmentExists."""
        ...

    def place(self, environment: Environment) -> None:
        """Store it under its own id, which another installation gave it, with status and hold."""
        ...

    def get(self, name: str) -> Environment:
        """One environment by name, with status and hold. Raises EnvironmentNotFound."""
        ...

    def by_id(self, id: int) -> Environment:
        """One environment by its id, with status and hold. Raises EnvironmentNotFound."""
        ...

    def replace(self, environment: Environment) -> None:
        """Write specification, policy and labels (not status, not hold)."""
        ...

    def remove(self, id: int) -> None:
        """Remove the environment with its status, hold and labels; its operations, events and audit entries stay."""
        ...

    def put_status(self, id: int, status: Status, refresh_at: datetime | None = None) -> None:
        """Replace the environment's status as a whole; with `refresh_at` (UTC) also when its next scheduled refresh
        is due, which stays as it is without."""
        ...

    def heard(self, id: int, at: datetime) -> None:
        """Note that the system that delivers to the environment told something at `at` (UTC)."""
        ...

    def set_hold(self, id: int, hold: Hold | None) -> None:
        """Set the environment's hold, or end it with None."""
        ...

    def page(
        self, where: EnvironmentFilter, now: datetime, limit: int, after: str | None, *, by_need: bool = False
    ) -> Page[EnvironmentRow]:
        """By name, or grouped by need and then by name."""
        ...

    def tally(self, now: datetime) -> Tally:
        """How many environments there are and in which state, verdicts aged to `now` (UTC)."""
        ...

    def holds(self) -> tuple[Hold, ...]:
        """Every hold that stands, in no order."""
        ...

    def of_repository(self, repo_url: str) -> tuple[Environment, ...]:
        """Every environment whose source is this repository, by name; agents' and servers' alike."""
        ...

    def repositories(self) -> Mapping[tuple[str, str | None], int]:
        """{(repo_url, credential): shortest poll interval in seconds} of all environments that run on the server."""
        ...

    def addresses(self) -> tuple[str, ...]:
        """The repositories of all environments, wherever they are worked for."""
        ...

    def targets(self) -> Mapping[str, TargetSpec]:
        """{name: target} of all environments."""
        ...

    def neighbours(self, environment: Environment) -> Mapping[str, TargetSpec]:
        """Targets of the others that deliver on the same host: shadows touch nothing, so they are in nobody's way."""
        ...

    def beside(self, environment: Environment) -> tuple[Environment, ...]:
        """Others with the same source and the same target: one of two such delivers, and the other one shadows it."""
        ...

    def due_for_refresh(self, now: datetime, limit: int) -> tuple[Environment, ...]:
        """Server-run environments whose next refresh is due and that have no queued or running operation."""
        ...

    def schedule_refresh(self, id: int, at: datetime) -> None:
        """Let the next scheduled refresh of the environment be due at `at` (UTC)."""
        ...

    def with_expired_hold(self, now: datetime) -> tuple[Environment, ...]:
        """Environments whose hold ends at or before `now` (UTC)."""
        ...
