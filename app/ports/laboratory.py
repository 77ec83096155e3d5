"""Where a twin experiment takes place: a repository that is served to both twins, and faults that are real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from app.domain.experiments.experiment_parameters import FaultKind


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What came of a pipeline's push. `taken`: the control plane took it; `operation`: its id, "" where there is none;
    `said`: why it was not taken."""

    taken: bool
    operation: str = ""
    said: str = ""


class Bench(Protocol):
    """One experiment's repository, and the proxy through which its twins and its pipeline reach it and the control
    plane."""

    @property
    def port(self) -> int:
        """Where it listens, on this machine alone."""
        ...

    @property
    def address(self) -> str:
        """The repository's address, the same for both twins: their tokens tell their requests apart."""
        ...

    def accept(self, mode: str, token: str) -> None:
        """Let the twin of a mode read Git with this token, and with no other."""
        ...

    def commit(self, number: int, *, bad: bool) -> str:
        """Make the commit of a number, once, and push it; returns the commit. A bad one is not healthy when live."""
        ...

    def announce(self, number: int, *, lost: bool) -> bool:
        """Tell the pipeline of a commit, by a real request; whether it arrived. A lost one is dropped on the way."""
        ...

    def push(self, token: str, environment: str, revision: str, number: int) -> PushAnswer:
        """What the pipeline of a commit does at its end: ask the control plane for a sync, through the proxy."""
        ...

    def edit(self, mode: str) -> None:
        """Edit a file on a twin's target by hand."""
        ...

    def edited(self, mode: str) -> bool:
        """Whether that edit still stands there."""
        ...

    def fault(self, kind: FaultKind, on: bool) -> None:
        """Let a fault of the network, of Git or of the control plane begin or end."""
        ...

    def requests(self) -> Mapping[str, Mapping[str, int]]:
        """{mode: {"git" or "control": how many requests came through, "refused": how many did not}}."""
        ...

    def close(self) -> None:
        """Serve nothing more, to nobody."""
        ...


class Laboratory(Protocol):
    """Makes benches."""

    def target(self, id: str, mode: str) -> str:
        """The directory that a twin delivers to."""
        ...

    def holds(self, id: str) -> bool:
        """Whether the repository of an experiment lies here."""
        ...

    def open(self, id: str, port: int, delay_s: float) -> Bench:
        """The bench of an experiment, as it was left. `port`: where it listened before, 0 for any; `delay_s`: of a slow
        network."""
        ...

    def remove(self, id: str) -> None:
        """Delete an experiment's repository and its targets."""
        ...
