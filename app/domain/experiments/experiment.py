"""An experiment as it is recorded: what was asked for, how far it is, and what was done when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.experiments.experiment_parameters import ExperimentParameters

LABEL, TWIN = "experiment", "twin"  # labels of twins
TAIL = 6  # last characters of an id, which name its twins


class ExperimentPhase(StrEnum):
    """Where it is. A stopped one goes on where it was; a failed one could not be carried out."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in (ExperimentPhase.FINISHED, ExperimentPhase.FAILED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an experiment is, written by who runs it. `position_s`: seconds of the plan that are over; `port`: where
    its bench listens; `twins`: {mode: id of the environment}; `began_at`: the moment of the plan's zero in the present
    run; `interruptions`: [from, to] of the times at which it stood still; `requests`: {mode: {what: how often}}."""

    position_s: float = 0.0
    port: int = 0
    twins: Mapping[str, int] = field(default_factory=dict)
    began_at: datetime | None = None
    interruptions: tuple[tuple[datetime, datetime | None], ...] = ()
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def taken_up(self, now: datetime) -> Progress:
        """It goes on at `now`, which ends the last interruption. Who was killed wrote none: then it began at the last
        sign of life."""
        interruptions = self.interruptions
        if self.began_at and not any(end is None for _, end in interruptions):
            interruptions = (*interruptions, (self.began_at + timedelta(seconds=self.position_s), None))
        closed = tuple((start, end or now) for start, end in interruptions)
        return replace(self, began_at=now - timedelta(seconds=self.position_s), interruptions=closed)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment. `id` is a ULID; `reason`: why it failed or was stopped; `version`: of the program that began it;
    `removed_at`: since when its twins and files are gone."""

    id: str
    seed: int
    parameters: ExperimentParameters
    phase: ExperimentPhase
    created_at: datetime
    created_by: str
    version: str = ""
    reason: str = ""
    finished_at: datetime | None = None
    removed_at: datetime | None = None
    progress: Progress = field(default_factory=Progress)

    @property
    def tail(self) -> str:
        """A short name, which is part of its twins' names."""
        return self.id[-TAIL:].lower()

    def twin(self, mode: str) -> str:
        """Name of the environment of a mode."""
        return f"experiment-{self.tail}-{mode}"

    def credential(self, mode: str) -> str:
        """Name of the credential that a twin reads Git with."""
        return f"experiment-{self.tail}-git-{mode}"

    @property
    def pipeline(self) -> str:
        """Name of the token that the pipeline pushes with."""
        return f"experiment-{self.tail}"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step of the plan that was done, when, and what came of it."""

    number: int
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
