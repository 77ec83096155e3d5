"""Targets by kind. Adding one: a module, a line in KINDS, a parameter of the contract suite, a form partial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.domain.environment import Environment, TargetSpec
from app.domain.errors import InvalidInput, TargetRefused
from app.ports import Runner, Target, TargetKind
from app.targets.directory.allowed_roots import overlaps
from app.targets.kinds import DirectoryKind, KindOfTarget
from app.targets.ssh import SshKind
from app.targets.target_dependencies import Secret, TargetDependencies, no_secret

__all__ = ["KINDS", "TargetRegistry", "overlaps"]

KINDS: Mapping[str, Callable[[TargetDependencies], KindOfTarget]] = {
    "directory": lambda means: DirectoryKind(means.places),
    "ssh": lambda means: SshKind(means.places, means.secret, means.pool),
}

Check = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class TargetRegistry:
    """Implements the port Targets. `target_roots` are the directories below which directory targets may lie; what we
    know about each target is kept below `data_dir`. `secret` gives the values of a credential."""

    def __init__(
        self,
        data_dir: Path,
        target_roots: Sequence[Path],
        kinds: Mapping[str, Callable[[TargetDependencies], KindOfTarget]] = KINDS,
        secret: Secret = no_secret,
    ) -> None:
        self._means = TargetDependencies.of(data_dir, target_roots, secret)
        self._kinds = {name: make(self._means) for name, make in kinds.items()}

    def close(self) -> None:
        """Hang up connections to targets."""
        self._means.pool.close()

    def kinds(self) -> Mapping[str, TargetKind]:
        """What there is to choose from."""
        return {name: kind.info for name, kind in self._kinds.items()}

    def check(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The kind's options, normalised. Raises InvalidInput with fields "target.<name>"."""
        return self._checked(kind, options, lambda found: found.check)

    def shape(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The kind's options as another machine will check them."""
        return self._checked(kind, options, lambda found: found.shape)

    def _checked(
        self, kind: str, options: Mapping[str, Any], how: Callable[[KindOfTarget], Check]
    ) -> Mapping[str, Any]:
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

    def shadow(self, environment: Environment) -> Target:
        """The place as somebody sees it who never applied anything there. What he needs is kept apart."""
        return self._of(environment).open(replace(environment, id=-environment.id))

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

    def runner(self, environment: Environment) -> Runner | None:
        """Where hooks run and services are asked, unless it is this machine."""
        return self._of(environment).runner(environment.target.options)

    def credentials(self, spec: TargetSpec) -> Mapping[str, str]:
        """Names of the credentials that a target is reached with, by field."""
        kind = self._kinds.get(spec.kind)
        return kind.credentials(spec.options) if kind else {}

    def place(self, spec: TargetSpec) -> str:
        """What the inventory belongs to: the same text for the same place, however it is reached."""
        kind = self._kinds.get(spec.kind)
        return f"{spec.kind} {kind.place(spec.options) if kind else spec.options}"

    def facts(self, spec: TargetSpec) -> Mapping[str, str]:
        """What people want to know about a target, by title, the place first."""
        kind = self._kinds.get(spec.kind)
        return kind.facts(spec.options) if kind else {"Target": spec.kind}

    def complete(self, spec: TargetSpec, before: TargetSpec | None = None) -> TargetSpec:
        """A checked target with what only the place itself can tell, such as its host key."""
        kind = self._kinds[spec.kind]
        known = before.options if before and before.kind == spec.kind else None
        return TargetSpec(spec.kind, kind.complete(spec.options, known))

    def _of(self, environment: Environment) -> KindOfTarget:
        found = self._kinds.get(environment.target.kind)
        if found is None:
            raise TargetRefused(f"There is no kind of target called '{environment.target.kind}' here.")
        return found
