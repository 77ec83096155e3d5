"""Twin experiments: begun, stopped, taken up again and removed by people and scripts, carried out by the server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.domain.actor import EXPERIMENT, Actor
from app.domain.audit import NewAuditEntry
from app.domain.errors import ExperimentFinished, ExperimentInProgress, InvalidInput
from app.domain.experiments.experiment import Experiment, ExperimentPhase, Progress, StepRecord
from app.domain.experiments.experiment_parameters import SEEDS, read_parameters
from app.domain.ids import new_id
from app.ports import Bench, Ports, Transaction
from app.services.experiments.twins import Twins

LEASE = timedelta(seconds=30)
TOPIC = "experiments"


class Experiments:
    """Keeps experiments. `version`: of this program, as reports name it."""

    def __init__(self, ports: Ports, twins: Twins, version: str) -> None:
        self._ports, self.twins, self._version = ports, twins, version

    # --- for people and scripts ---
    def start(self, values: Mapping[str, Any], actor: Actor) -> Experiment:
        """Begin an experiment: {"seed"?, "profile"?, and parameters}; without a seed one is drawn from the clock.
        Raises InvalidInput, ExperimentInProgress."""
        now = self._ports.clock.now()
        seed = values.get("seed")
        if seed is None:
            seed = int(now.timestamp() * 1000)
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < SEEDS:
            raise InvalidInput(fields={"seed": f"must be a whole number from 0 to {SEEDS - 1}"})
        parameters = read_parameters({name: value for name, value in values.items() if name != "seed"})
        made = Experiment(
            new_id(now), seed, parameters, ExperimentPhase.RUNNING, now, str(actor), self._version
        )  # fmt: skip
        with self._ports.store.write() as tx:
            self._refuse_another(tx)
            tx.experiments.add(made)
            data = {"seed": seed, **parameters.as_dict()}
            tx.audit.append(now, NewAuditEntry(actor, "experiment.start", f"experiment:{made.id}", data))
        self._ring()
        return made

    def _refuse_another(self, tx: Transaction) -> None:
        other = tx.experiments.running()
        if other is not None:
            raise ExperimentInProgress(f"Experiment {other.id} is running; stop it or wait for its end.")

    def stop(self, id: str, actor: Actor) -> Experiment:
        """Let a running experiment stand still until it is taken up again. Raises ExperimentFinished."""
        with self._ports.store.write() as tx:
            found = tx.experiments.get(id)
            if found.phase is not ExperimentPhase.RUNNING:
                raise ExperimentFinished(f"Experiment {id} is {found.phase.value}, not running.")
            self._moved(tx, found, ExperimentPhase.STOPPED, f"stopped by {actor}", actor)
            stopped = tx.experiments.get(id)
        self._ring()
        return stopped

    def resume(self, id: str, actor: Actor) -> Experiment:
        """Take an experiment up where it stood still. Raises ExperimentFinished, ExperimentInProgress."""
        with self._ports.store.write() as tx:
            found = tx.experiments.get(id)
            if found.phase is not ExperimentPhase.STOPPED or found.removed_at:
                raise ExperimentFinished(f"Experiment {id} is {found.phase.value}, not stopped.")
            self._refuse_another(tx)
            self._moved(tx, found, ExperimentPhase.RUNNING, "", actor)
            resumed = tx.experiments.get(id)
        self._ring()
        return resumed

    def remove(self, id: str, actor: Actor) -> None:
        """Delete an experiment's twins, credential and files; its report and the ledger stay. Raises
        ExperimentInProgress."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            found = tx.experiments.get(id)
            if found.phase is ExperimentPhase.RUNNING:
                raise ExperimentInProgress(f"Experiment {id} is running; stop it first.")
            if found.removed_at is None:  # from here on it is not taken up again
                tx.experiments.removed(id, now)
                tx.audit.append(now, NewAuditEntry(actor, "experiment.remove", f"experiment:{id}"))
        self.twins.remove(found)
        self._ring()

    # --- for who carries them out ---
    def newest(self, limit: int) -> tuple[Experiment, ...]:
        """The newest experiments."""
        with self._ports.store.read() as tx:
            return tx.experiments.page(limit, None).items

    def serve(self, experiment: Experiment, bench: Bench) -> None:
        """Serve the repository of an experiment that stands still to its twins."""
        self.twins.let_in(experiment, bench)

    def claim(self, worker: str) -> Experiment | None:
        """The running experiment, if nobody else works on it."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            if tx.experiments.running() is None:
                return None
        with self._ports.store.write() as tx:
            return tx.experiments.claim(worker, now, now - LEASE)

    def renew(self, id: str, worker: str, progress: Progress) -> bool:
        """Give a sign of life; False where it is to stand still."""
        with self._ports.store.write() as tx:
            kept = tx.experiments.renew(id, worker, self._ports.clock.now(), progress)
        self._ring()
        return kept

    def release(self, id: str, worker: str, progress: Progress) -> None:
        """Work on it no longer."""
        with self._ports.store.write() as tx:
            tx.experiments.release(id, worker, progress)

    def note(self, id: str, record: StepRecord) -> None:
        """Keep what was done in a step."""
        with self._ports.store.write() as tx:
            tx.experiments.put_step(id, record)
        self._ring()

    def steps(self, id: str) -> Mapping[int, StepRecord]:
        """{number: what was done in the step}."""
        with self._ports.store.read() as tx:
            return {record.number: record for record in tx.experiments.steps(id)}

    def end(self, experiment: Experiment, phase: ExperimentPhase, reason: str = "") -> None:
        """End a running experiment for good, and let its twins be. One that was stopped meanwhile stays so."""
        with self._ports.store.read() as tx:
            if tx.experiments.get(experiment.id).phase is not ExperimentPhase.RUNNING:
                return
        self.twins.rest(experiment)
        with self._ports.store.write() as tx:
            if tx.experiments.get(experiment.id).phase is ExperimentPhase.RUNNING:
                self._moved(tx, experiment, phase, reason, EXPERIMENT)
        self._ring()

    def _moved(
        self, tx: Transaction, experiment: Experiment, phase: ExperimentPhase, reason: str, actor: Actor
    ) -> None:
        action = {ExperimentPhase.STOPPED: "stop", ExperimentPhase.RUNNING: "resume"}.get(phase, "end")
        now, data = self._ports.clock.now(), {"phase": phase.value, "reason": reason}
        tx.experiments.move(experiment.id, phase, reason, now)
        tx.audit.append(now, NewAuditEntry(actor, f"experiment.{action}", f"experiment:{experiment.id}", data))

    def _ring(self) -> None:
        self._ports.notifier.notify((TOPIC, "ledger"))
