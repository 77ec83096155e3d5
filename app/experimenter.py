"""Carries experiments out beside the server: one thread, one experiment at a time, once it is known where the server
listens. Repositories of earlier experiments are served on, so that their twins can be looked at."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from app.domain.experiments.experiment import Experiment, ExperimentPhase
from app.laboratory.folder_laboratory import FolderLaboratory
from app.notifications import InProcessNotifier
from app.ports import Bench, Laboratory
from app.services.experiments.experiment_run import ExperimentRun
from app.services.experiments.experiments import TOPIC
from app.services.experiments.twins import MODES
from app.services.use_cases import UseCases

LOOK_S = 10.0  # between two looks for experiments whose worker has gone
ELSEWHERE = "its repository lies in the data directory of another server"
SERVED = 10  # of the newest experiments that are over
log = logging.getLogger("experimenter")


class Experimenter:
    """`worker`: the name of this process; repositories lie below `data_dir`, targets below `targets`."""

    def __init__(self, use_cases: UseCases, bus: InProcessNotifier, worker: str, data_dir: Path, targets: Path) -> None:
        self._use_cases, self._bus, self._worker = use_cases, bus, worker
        self._address = ""
        self._laboratory: Laboratory = FolderLaboratory(data_dir, targets, lambda: self._address)
        self._benches: dict[str, Bench] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def listening(self, host: str, port: int) -> None:
        """The server can be reached: from here on experiments are carried out. `host`: what it listens on."""
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
        self._address = f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(target=self._work, name="experimenter", daemon=True)
            self._thread.start()

    def quit(self) -> None:
        """Stand still as soon as possible."""
        self._stopping.set()
        self._bus.notify((TOPIC,))

    def stop(self, timeout_s: float) -> None:
        """Stand still, and wait until it does."""
        self.quit()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._bus.count(TOPIC)
            try:
                self._tidy()
                found = self._use_cases.experiments.claim(self._worker)
                if found is not None:
                    self._run(found)
                    continue
            except Exception:
                log.exception("an experiment could not be carried out")
            self._bus.wait(TOPIC, seen, LOOK_S)
        for bench in self._benches.values():
            bench.close()

    def _run(self, experiment: Experiment) -> None:
        use_cases = self._use_cases
        if experiment.progress.port and not self._laboratory.holds(experiment.id):
            use_cases.experiments.end(experiment, ExperimentPhase.FAILED, ELSEWHERE)
            return
        run = ExperimentRun(
            use_cases.ports, use_cases.experiments, use_cases.poller, self._worker, self._stopping.is_set
        )
        try:
            run.run(experiment, self._bench(experiment), self._targets(experiment))
        except Exception as error:
            log.exception("an experiment broke off", extra={"experiment": experiment.id})
            use_cases.experiments.end(experiment, ExperimentPhase.FAILED, f"internal error: {type(error).__name__}")

    def _targets(self, experiment: Experiment) -> dict[str, str]:
        return {mode: self._laboratory.target(experiment.id, mode) for mode in MODES}

    def _bench(self, experiment: Experiment) -> Bench:
        if experiment.id not in self._benches:
            port, delay_s = experiment.progress.port, experiment.parameters.delay_s
            self._benches[experiment.id] = self._laboratory.open(experiment.id, port, delay_s)
        return self._benches[experiment.id]

    def _tidy(self) -> None:
        """Serve what is to be looked at, and delete what was removed."""
        for one in self._use_cases.experiments.newest(SERVED):
            if one.removed_at is not None:
                bench = self._benches.pop(one.id, None)
                if bench is not None:
                    bench.close()
                self._laboratory.remove(one.id)
            elif self._waits(one):
                self._use_cases.experiments.serve(one, self._bench(one))

    def _waits(self, one: Experiment) -> bool:
        """Whether an experiment that stands still is not served, and can be from here."""
        stands = one.phase is not ExperimentPhase.RUNNING and one.id not in self._benches
        return stands and self._laboratory.holds(one.id)
