"""Twin experiments: how far they are, and what they found."""

from __future__ import annotations

from dataclasses import dataclass

from app.comparison import MODES
from app.comparison.experiments.twin_evidence import TwinEvidence
from app.comparison.experiments.twin_results import Results, results_of
from app.domain.experiments.experiment import Experiment, StepRecord
from app.domain.experiments.experiment_plan import Step, plan
from app.domain.identity import Identity
from app.ports import Page, Ports


@dataclass(frozen=True, slots=True)
class ExperimentState:
    """An experiment, its plan, and what was done of it; `done` are the records by the steps' numbers."""

    experiment: Experiment
    steps: tuple[Step, ...]
    done: dict[int, StepRecord]

    @property
    def last(self) -> Step | None:
        """The step that was done last."""
        return next((step for step in reversed(self.steps) if step.number in self.done), None)

    @property
    def end_s(self) -> float:
        """Seconds from the beginning to the plan's last step."""
        return self.steps[-1].at_s


class ExperimentQueries:
    """Reads experiments."""

    def __init__(self, ports: Ports) -> None:
        self._store, self._clock = ports.store, ports.clock

    def page(self, identity: Identity, limit: int, after: str | None) -> Page[Experiment]:
        """Experiments, newest first."""
        with self._store.read() as tx:
            return tx.experiments.page(limit, after)

    def state(self, identity: Identity, id: str) -> ExperimentState:
        """One experiment with its plan and how far it is. Raises ExperimentNotFound."""
        with self._store.read() as tx:
            found = tx.experiments.get(id)
            done = {record.number: record for record in tx.experiments.steps(id)}
        return ExperimentState(found, plan(found.seed, found.parameters), done)

    def latest(self, identity: Identity) -> Results | None:
        """What the newest experiment found, if any was ever begun."""
        with self._store.read() as tx:
            newest = tx.experiments.page(1, None).items
        return self.results(identity, newest[0].id) if newest else None

    def results(self, identity: Identity, id: str) -> Results:
        """What an experiment found so far. Raises ExperimentNotFound."""
        now = self._clock.now()
        with self._store.read() as tx:
            found = tx.experiments.get(id)
            records = {record.number: record for record in tx.experiments.steps(id)}
            twins = {mode: tx.facts.within(found.progress.twins[mode]) for mode in MODES if found.progress.twins}
            begun = found.created_at
            deliveries = {mode: twins[mode].deliveries(begun, now, {}) if twins else () for mode in MODES}
            episodes = {mode: twins[mode].episodes(begun, now, {}) if twins else () for mode in MODES}
        steps = plan(found.seed, found.parameters)
        return results_of(TwinEvidence(found, steps, records, deliveries, episodes, now))
