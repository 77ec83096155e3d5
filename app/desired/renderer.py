"""What a way of rendering brings along."""

from __future__ import annotations

from typing import Protocol

from app.domain.environment import SourceSpec
from app.ports import DesiredState, Edits, Source


class Renderer(Protocol):
    """One way from a revision to a desired state. `source` is the repository that `spec` names."""

    def id_at(self, source: Source, spec: SourceSpec, revision: str) -> str:
        """The id of the state at a revision: equal where the states are."""
        ...

    def at(self, source: Source, spec: SourceSpec, revision: str, id: str | None) -> DesiredState:
        """The state at a revision. With `id`, which is known to be right, nothing is read before it is asked for."""
        ...

    def revert(self, source: Source, spec: SourceSpec, onto: str, to: str) -> Edits:
        """The edits on top of the revision `onto` that bring back what the state at `to` was made from."""
        ...
