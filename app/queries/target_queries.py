"""Kinds of target, and what is known about one."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.environment import TargetSpec
from app.domain.identity import Identity
from app.ports import Ports, TargetKind


class TargetQueries:
    """Reads the registry of kinds."""

    def __init__(self, ports: Ports) -> None:
        self._targets = ports.targets

    def kinds(self, identity: Identity) -> Mapping[str, TargetKind]:
        """Every kind of target that this installation knows, by name."""
        return self._targets.kinds()

    def facts(self, identity: Identity, spec: TargetSpec) -> Mapping[str, str]:
        """What people want to know about a target, by title, the place first."""
        return self._targets.facts(spec)
