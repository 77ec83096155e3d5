"""Which commits were noticed in an environment, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.domain.noticing import Noticing
from app.ports.storage.pages import Page


class Noticings(Protocol):
    """The noticed commits, one for each environment and revision, for good."""

    def add(self, found: Sequence[Noticing]) -> tuple[Noticing, ...]:
        """Store those of one environment whose commit is not noticed there yet; returns them."""
        ...

    def get(self, environment_id: int, revision: str) -> Noticing | None:
        """The noticing of a commit; None where it was not noticed there."""
        ...

    def save(self, noticing: Noticing) -> None:
        """Write all fields of an existing one but what it is about."""
        ...

    def without_end(self, environment_id: int) -> tuple[Noticing, ...]:
        """The environment's commits that have no end yet, the first that was noticed first."""
        ...

    def page(self, environment_id: int, limit: int, after: int | None) -> Page[Noticing]:
        """An environment's noticed commits, newest first; `after` is the id to continue below."""
        ...
