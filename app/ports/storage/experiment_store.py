"""Twin experiments and the steps that were done."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from app.domain.experiments.experiment import Experiment, ExperimentPhase, Progress, StepRecord
from app.ports.storage.pages import Page


class ExperimentStore(Protocol):
    """Experiments. Who runs one holds a lease on it, so that of several processes one does."""

    def add(self, experiment: Experiment) -> None:
        """Store a new experiment."""
        ...

    def get(self, id: str) -> Experiment:
        """An experiment by its id. Raises ExperimentNotFound."""
        ...

    def page(self, limit: int, after: str | None) -> Page[Experiment]:
        """Experiments, newest first; `after` is the id to continue behind."""
        ...

    def running(self) -> Experiment | None:
        """The experiment that is running, whether or not somebody works on it in this moment."""
        ...

    def twins(self) -> frozenset[int]:
        """The ids of all environments that were made for experiments, deleted ones included."""
        ...

    def move(self, id: str, phase: ExperimentPhase, reason: str, at: datetime) -> None:
        """Give an experiment another phase; `at` becomes its end where the phase is final."""
        ...

    def removed(self, id: str, at: datetime) -> None:
        """Note that its twins and files are gone."""
        ...

    def claim(self, worker: str, at: datetime, silent_since: datetime) -> Experiment | None:
        """Take the lease of the running experiment, unless another worker gave a sign of life since `silent_since`."""
        ...

    def renew(self, id: str, worker: str, at: datetime, progress: Progress) -> bool:
        """Give a sign of life, and store how far it is; False where it is no longer running or not ours."""
        ...

    def release(self, id: str, worker: str, progress: Progress) -> None:
        """Give the lease back, and store how far it is."""
        ...

    def put_step(self, id: str, record: StepRecord) -> None:
        """Store what was done in a step, in place of what was stored of it before."""
        ...

    def steps(self, id: str) -> tuple[StepRecord, ...]:
        """The steps that were done, by their numbers."""
        ...
