"""The interface of a kind of target: its description, and the behaviour that a description cannot express."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from app.domain.environment import Environment
from app.domain.specification.reader import FieldReader, wrong
from app.domain.specification.target_kind import TARGET, TargetFact, TargetKind
from app.domain.specification.target_options import read_options
from app.ports import Runner, Target
from app.targets.target_dependencies import TargetDependencies


class KindOfTarget(ABC):
    """An entry of the registry. A kind overrides what its place needs; the rest follows from `info`."""

    info: ClassVar[TargetKind]

    def __init__(self, dependencies: TargetDependencies) -> None:
        self._dependencies = dependencies

    @abstractmethod
    def open(self, environment: Environment, check: Callable[[], None]) -> Target:
        """One environment's target, with the inventory that belongs to `environment.id`. May not use the network.
        The target asks `check` while it waits, several times a second; what it raises must end the wait."""

    def check(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options, normalised; checking the result again gives the same. The registry has refused unknown names.
        Raises InvalidInput with fields "target.<name>"."""
        reader = FieldReader(options, TARGET)
        found = read_options(reader, self.info.fields)
        if reader.errors:
            raise wrong(reader.errors)
        return found

    def shape(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Like `check`, for a target on an agent's machine: only what can be said without looking at this one."""
        return self.check(options)

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether two targets of this kind share a place, or a part of it."""
        return self.info.place(one) == self.info.place(other)

    def local_path(self, options: Mapping[str, Any]) -> str | None:
        """The directory on the machine of the process that delivers, where a target is known to be one: by that, two
        kinds find that they share a place."""
        return None

    def workdir(self, options: Mapping[str, Any]) -> str | None:
        """The directory on this machine in which hooks and command checks run; None where there is none."""
        return None

    def runner(self, options: Mapping[str, Any]) -> Runner | None:
        """The machine on which commands run and services are asked; None where it is this one."""
        return None

    def facts(self, options: Mapping[str, Any]) -> tuple[TargetFact, ...]:
        """A target's facts for display, the place first."""
        return (TargetFact("Target", self.info.address.write(options) or self.info.title),)

    def complete(self, options: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Checked options with the pinned values that only the place itself can tell; `before` are those of the same
        environment. May use the network. Raises InvalidInput with fields "target.<name>"."""
        return options
