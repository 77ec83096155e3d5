"""Queries about kinds of target, and facts about one target."""

from __future__ import annotations

from app.domain.environment import TargetSpec
from app.domain.identity import Identity
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import TargetFact
from app.ports import Ports


class TargetQueries:
    """Reads the registry of kinds."""

    def __init__(self, ports: Ports) -> None:
        self._targets = ports.targets

    def kinds(self) -> KindCatalogue:
        """Every kind of target that this installation knows: part of the program, the same for whoever asks."""
        return self._targets.kinds()

    def facts(self, identity: Identity, spec: TargetSpec) -> tuple[TargetFact, ...]:
        """A target's facts for display, the place first."""
        return self._targets.facts(spec)
