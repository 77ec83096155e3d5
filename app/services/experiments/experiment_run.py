"""Carrying an experiment out: the plan's steps in their time, from where it stood still to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.domain.audit import timestamp
from app.domain.environment import Environment
from app.domain.errors import Problem
from app.domain.experiments.experiment import Experiment, ExperimentPhase, Progress, StepRecord
from app.domain.experiments.experiment_parameters import FaultKind
from app.domain.experiments.experiment_plan import Step, StepKind, plan
from app.ports import Bench, Ports
from app.services.experiments.experiments import Experiments
from app.services.experiments.step_deeds import RequestCount, StepDeeds
from app.services.experiments.twins import MODES
from app.services.triggers.polling import Poller

TICK_S = 0.05
RENEWED_S = 0.5
FIRST_S = 60.0  # for the first delivery of both twins


class ExperimentFailed(Exception):
    """It cannot be carried out; the message says why."""


class ExperimentRun:
    """One experiment in the hands of one worker. `stopping`: whether this process is to end."""

    def __init__(
        self,
        ports: Ports,
        experiments: Experiments,
        poller: Poller,
        worker: str,
        stopping: Callable[[], bool],
    ) -> None:
        self._ports, self._clock = ports, ports.clock
        self._experiments, self._poller = experiments, poller
        self._worker, self._stopping = worker, stopping
        self._renewed_s, self._ended = 0.0, False
        self._progress = Progress()
        self._open: dict[int, StepRecord] = {}  # edits by hand that still stand on a target

    def run(self, experiment: Experiment, bench: Bench, targets: dict[str, str]) -> None:
        """Take it up, and go on until it ends, is stopped, or this process is to end."""
        self._progress = experiment.progress
        self._requests = RequestCount(bench, experiment.progress.requests)
        deeds = StepDeeds(experiment, bench, self._experiments.twins, self._poller, self._clock, self._requests)
        try:
            self._go(experiment, bench, targets, deeds)
        except (Problem, ExperimentFailed) as problem:
            self._end(experiment, ExperimentPhase.FAILED, str(problem))
        finally:
            deeds.calm()
            self._experiments.twins.revoke(experiment)  # also where it only stands still
            self._experiments.release(experiment.id, self._worker, self._stood())

    def _go(self, experiment: Experiment, bench: Bench, targets: dict[str, str], deeds: StepDeeds) -> None:
        deeds.prepare()
        twins = self._experiments.twins.make(experiment, bench, targets)
        self._progress = replace(self._progress, port=bench.port, twins=twins)
        if not self._first_deliveries(experiment, bench, deeds):
            return
        self._progress = self._progress.taken_up(self._clock.now())
        steps, done = plan(experiment.seed, experiment.parameters), dict(self._experiments.steps(experiment.id))
        for fault in _going_on(steps, done):
            deeds.let(fault, True)
        self._open = {number: one for number, one in done.items() if _stands(one)}
        if self._steps(experiment, bench, deeds, steps, done) and self._settled(experiment, bench, steps, done):
            self._end(experiment, ExperimentPhase.FINISHED)

    def _end(self, experiment: Experiment, phase: ExperimentPhase, reason: str = "") -> None:
        self._ended = True
        self._experiments.end(experiment, phase, reason)

    # --- before ---
    def _first_deliveries(self, experiment: Experiment, bench: Bench, deeds: StepDeeds) -> bool:
        """Bring both twins to what Git holds now, so that the first measured commit is no first delivery."""
        twins = [self._twin(experiment, mode) for mode in MODES]
        if self._live_commits(experiment, twins):
            return True
        first = bench.commit(0, bad=False)
        deeds.push_first(first)
        self._experiments.twins.look(twins[1])
        return self._waited(experiment, bench, FIRST_S, lambda: self._both_live(experiment, {first}))

    @staticmethod
    def _live_commits(experiment: Experiment, twins: list[Environment]) -> bool:
        return experiment.progress.position_s > 0 and all(one.status.revision for one in twins)

    def _twin(self, experiment: Experiment, mode: str) -> Environment:
        with self._ports.store.read() as tx:
            return tx.environments.get(experiment.twin(mode))

    def _both_live(self, experiment: Experiment, revisions: set[str]) -> bool:
        return all(self._twin(experiment, mode).status.revision in revisions for mode in MODES)

    # --- the plan ---
    def _steps(
        self,
        experiment: Experiment,
        bench: Bench,
        deeds: StepDeeds,
        steps: tuple[Step, ...],
        done: dict[int, StepRecord],
    ) -> bool:
        """The steps that are left, each in its time; whether all were done."""
        commits = {
            step.commit: done[step.number] for step in steps if step.kind is StepKind.COMMIT and step.number in done
        }
        start_s = self._clock.monotonic() - self._progress.position_s
        for step in steps:
            if step.number in done:
                continue
            if not self._until(experiment, bench, start_s, step.at_s):
                return False
            at = self._clock.now()
            record = StepRecord(step.number, at, deeds.do(step, commits))
            done[step.number] = record
            if step.kind is StepKind.COMMIT:
                commits[step.commit] = record
            if _stands(record):
                self._open[step.number] = record
            self._experiments.note(experiment.id, record)
        return True

    def _until(self, experiment: Experiment, bench: Bench, start_s: float, at_s: float) -> bool:
        """Wait for a moment of the plan; False where it is to stand still before."""
        while (left := at_s - (self._clock.monotonic() - start_s)) > 0:
            self._progress = replace(self._progress, position_s=round(at_s - left, 3))
            if not self._goes_on(experiment, bench):
                return False
            self._clock.sleep(min(TICK_S, left))
        self._progress = replace(self._progress, position_s=at_s)
        return self._goes_on(experiment, bench)

    def _goes_on(self, experiment: Experiment, bench: Bench) -> bool:
        """Look after what happens by itself; False where it is to stand still."""
        self._look_at_edits(experiment, bench)
        now_s = self._clock.monotonic()
        if now_s - self._renewed_s >= RENEWED_S:
            self._renewed_s = now_s
            counted = replace(self._progress, requests=self._requests.now())
            if not self._experiments.renew(experiment.id, self._worker, counted):
                return False
        return not self._stopping()

    def _look_at_edits(self, experiment: Experiment, bench: Bench) -> None:
        """Note when what was edited by hand is as Git has it again, as somebody outside would see it."""
        for number, record in list(self._open.items()):
            mended = dict(record.data.get("mended", {}))
            gone = [mode for mode in record.data["edited"] if mode not in mended and not bench.edited(mode)]
            if gone:
                at = timestamp(self._clock.now())
                record = replace(record, data={**record.data, "mended": {**mended, **dict.fromkeys(gone, at)}})
                self._experiments.note(experiment.id, record)
                self._open[number] = record
            if not _stands(record):
                del self._open[number]

    # --- after ---
    def _settled(
        self, experiment: Experiment, bench: Bench, steps: tuple[Step, ...], done: dict[int, StepRecord]
    ) -> bool:
        """Wait until both twins have the last commit and no edit stands, for so long as that may take at most."""
        last = max((step for step in steps if step.kind is StepKind.COMMIT), key=lambda step: step.commit)
        revision = str(done[last.number].data["revision"])
        asked = experiment.parameters
        longest = 10.0 + 3 * asked.interval_s + 2 * asked.refresh_interval_s + asked.fault_s
        try:
            return self._waited(
                experiment, bench, longest, lambda: not self._open and self._both_live(experiment, {revision})
            )
        except ExperimentFailed:
            return True  # a twin that never got there is a result

    def _waited(self, experiment: Experiment, bench: Bench, longest_s: float, reached: Callable[[], bool]) -> bool:
        """Wait for something; False where it is to stand still before. Raises ExperimentFailed after `longest_s`."""
        until_s = self._clock.monotonic() + longest_s
        while not reached():
            if not self._goes_on(experiment, bench):
                return False
            if self._clock.monotonic() > until_s:
                whys = [self._twin(experiment, mode).status.last_reason for mode in MODES]
                raise ExperimentFailed("the twins could not be delivered to: " + "; ".join(filter(None, whys)))
            self._clock.sleep(TICK_S)
        return True

    def _stood(self) -> Progress:
        """How far it is, as of now, for whoever takes it up."""
        counted = replace(self._progress, requests=self._requests.now())
        stands = () if self._ended else ((self._clock.now(), None),)
        return replace(counted, interruptions=(*counted.interruptions, *stands))


def _going_on(steps: tuple[Step, ...], done: dict[int, StepRecord]) -> list[FaultKind]:
    """The faults that had begun and not ended when it stood still."""
    found: list[FaultKind] = []
    for step in steps:
        if step.number in done and step.fault is not None and step.kind is StepKind.BEGIN:
            found.append(step.fault)
        elif step.number in done and step.fault is not None and step.kind is StepKind.END:
            found.remove(step.fault)
    return found


def _stands(record: StepRecord) -> bool:
    """Whether it is an edit by hand that is not gone everywhere."""
    return set(record.data.get("edited", ())) > set(record.data.get("mended", {}))
