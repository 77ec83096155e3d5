"""Targets by kind. Adding one: a module, a line in KINDS, a parameter of the contract suite, a form partial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.domain.environment import Environment, TargetSpec
from app.domain.errors import InvalidInput, TargetRefused
from app.ports import Target, TargetKind
from app.targets.kinds import DirectoryKind, Kind
from app.targets.places import Places, overlaps

__all__ = ["KINDS", "TargetRegistry", "overlaps"]

KINDS: Mapping[str, Callable[[Places], Kind]] = {
    "directory": DirectoryKind,
}

Check = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class TargetRegistry:
    """Implements the port Targets. `target_roots` are the directories below which directory targets may lie; what we
    know about each target is kept below `data_dir`."""

    def __init__(
        self,
        data_dir: Path,
        target_roots: Sequence[Path],
        kinds: Mapping[str, Callable[[Places], Kind]] = KINDS,
    ) -> None:
        places = Places(data_dir, target_roots)
        self._kinds = {name: make(places) for name, make in kinds.items()}

    def kinds(self) -> Mapping[str, TargetKind]:
        """What there is to choose from."""
        return {name: kind.info for name, kind in self._kinds.items()}

    def check(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The kind's options, normalised. Raises InvalidInput with fields "target.<name>"."""
        return self._checked(kind, options, lambda found: found.check)

    def shape(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The kind's options as another machine will check them."""
        return self._checked(kind, options, lambda found: found.shape)

    def _checked(self, kind: str, options: Mapping[str, Any], how: Callable[[Kind], Check]) -> Mapping[str, Any]:
        found = self._kinds.get(kind)
        if found is None:
            raise InvalidInput(fields={"target.kind": f"must be one of {', '.join(self._kinds)}"})
        names = found.info.fields
        wrong = {
            f"target.{name}"[:80]: f"is not known here; known are {', '.join(names)}"
            for name in options
            if name not in names
        }
        try:
            checked = how(found)({name: value for name, value in options.items() if name in names})
        except InvalidInput as problem:
            raise InvalidInput(fields={**problem.fields, **wrong}) from None
        if wrong:
            raise InvalidInput(fields=wrong)
        return checked

    def open(self, environment: Environment) -> Target:
        """An environment's target. Raises TargetRefused where its kind or its place is not allowed (any more)."""
        return self._of(environment).open(environment)

    def overlapping(self, environment: Environment, others: Mapping[str, TargetSpec]) -> str | None:
        """The name of another environment whose target shares a place with this one's."""
        mine = environment.target
        kind = self._of(environment)
        for name, theirs in others.items():
            if name != environment.name and theirs.kind == mine.kind and kind.overlap(mine.options, theirs.options):
                return name
        return None

    def workdir(self, environment: Environment) -> str | None:
        """Local directory for hooks and command checks."""
        return self._of(environment).workdir(environment.target.options)

    def _of(self, environment: Environment) -> Kind:
        found = self._kinds.get(environment.target.kind)
        if found is None:
            raise TargetRefused(f"There is no kind of target called '{environment.target.kind}' here.")
        return found
