"""The kinds of target. docs/targets.md says how to add one: a folder of its own, and a line in KINDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.domain.environment import Environment, RunsOn, TargetSpec
from app.domain.errors import InvalidInput, TargetRefused
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.reader import UnknownField
from app.domain.specification.target_kind import TARGET, TargetFact
from app.ports import Runner, Target
from app.targets.directory.directory_kind import DirectoryKind
from app.targets.files.allowed_roots import overlaps
from app.targets.kind_of_target import KindOfTarget
from app.targets.ssh.ssh_kind import SshKind
from app.targets.target_dependencies import Secret, TargetDependencies, no_secret

KINDS: tuple[type[KindOfTarget], ...] = (
    DirectoryKind,
    SshKind,
)
CATALOGUE = KindCatalogue(kind.info for kind in KINDS)

Check = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class TargetRegistry:
    """Implements the port Targets. `target_roots` are the directories below which directory targets may lie; what we
    know about each target is kept below `data_dir`. `secret` gives the values of a credential."""

    def __init__(
        self,
        data_dir: Path,
        target_roots: Sequence[Path],
        kinds: Sequence[Callable[[TargetDependencies], KindOfTarget]] = KINDS,
        secret: Secret = no_secret,
    ) -> None:
        self._dependencies = TargetDependencies.of(data_dir, target_roots, secret)
        made = [make(self._dependencies) for make in kinds]
        self._kinds = {kind.info.name: kind for kind in made}
        self._catalogue = KindCatalogue(kind.info for kind in made)

    def close(self) -> None:
        self._dependencies.pool.close()

    def kinds(self) -> KindCatalogue:
        return self._catalogue

    def check(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._checked(kind, options, lambda found: found.check)

    def shape(self, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._catalogue.get(kind)
        if found and RunsOn.AGENT not in found.runs_on:
            names = " or ".join(one.name for one in self._catalogue.that_run_on(RunsOn.AGENT))
            raise InvalidInput(fields={f"{TARGET}.kind": f"must be {names}: an agent delivers on its own host"})
        return self._checked(kind, options, lambda found: found.shape)

    def _checked(
        self, kind: str, options: Mapping[str, Any], how: Callable[[KindOfTarget], Check]
    ) -> Mapping[str, Any]:
        found = self._kinds.get(kind)
        if found is None:
            raise InvalidInput(fields={"target.kind": f"must be one of {', '.join(self._kinds)}"})
        names = [field.name for field in found.info.fields]
        wrong = {f"target.{name}"[:80]: UnknownField(names) for name in options if name not in names}
        try:
            checked = how(found)({name: value for name, value in options.items() if name in names})
        except InvalidInput as problem:
            raise InvalidInput(fields={**problem.fields, **wrong}) from None
        if wrong:
            raise InvalidInput(fields=wrong)
        return checked

    def open(self, environment: Environment, check: Callable[[], None] = lambda: None) -> Target:
        return self._of(environment).open(environment, check)

    def shadow(self, environment: Environment, check: Callable[[], None] = lambda: None) -> Target:
        return self._of(environment).open(replace(environment, id=shadow_inventory(environment.id)), check)

    def overlapping(self, environment: Environment, others: Mapping[str, TargetSpec]) -> str | None:
        mine = environment.target
        self._of(environment)
        return next((name for name, one in others.items() if name != environment.name and self._share(mine, one)), None)

    def _share(self, one: TargetSpec, other: TargetSpec) -> bool:
        """Whether two targets share a place, as far as it is known."""
        kind, theirs = self._kinds[one.kind], self._kinds.get(other.kind)
        if theirs is None or kind is theirs:
            return theirs is not None and kind.overlap(one.options, other.options)
        here, there = kind.local_path(one.options), theirs.local_path(other.options)
        return bool(here and there) and overlaps(str(here), str(there))

    def workdir(self, environment: Environment) -> str | None:
        return self._of(environment).workdir(environment.target.options)

    def runner(self, environment: Environment) -> Runner | None:
        return self._of(environment).runner(environment.target.options)

    def facts(self, spec: TargetSpec) -> tuple[TargetFact, ...]:
        kind = self._kinds.get(spec.kind)
        return kind.facts(spec.options) if kind else (TargetFact("Target", spec.kind),)

    def complete(self, spec: TargetSpec, before: TargetSpec | None = None) -> TargetSpec:
        kind = self._kinds[spec.kind]
        known = before.options if before and before.kind == spec.kind else None
        return TargetSpec(spec.kind, kind.complete(spec.options, known))

    def _of(self, environment: Environment) -> KindOfTarget:
        found = self._kinds.get(environment.target.kind)
        if found is None:
            raise TargetRefused(f"There is no kind of target called '{environment.target.kind}' here.")
        return found


def shadow_inventory(environment: int) -> int:
    """The number under which a shadow's own inventory is kept; environments' ids are positive, so it is nobody's."""
    return -environment
