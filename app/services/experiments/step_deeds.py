"""What is done in each step of an experiment. Every deed may be repeated: a second time it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.audit import timestamp
from app.domain.experiments.experiment import Experiment, StepRecord
from app.domain.experiments.experiment_parameters import FaultKind
from app.domain.experiments.experiment_plan import Step, StepKind
from app.ports import Bench, Clock
from app.services.experiments.twins import MODES, Twins
from app.services.triggers.polling import Poller

STILL = frozenset({FaultKind.AGENT_DOWN, FaultKind.CONTROL_PLANE_DOWN})


class RequestCount:
    """The requests of an experiment's twins: those of earlier runs, and what the bench has counted in this one."""

    def __init__(self, bench: Bench, before: Mapping[str, Mapping[str, int]]) -> None:
        self._bench, self._before, self._start = bench, before, bench.requests()

    def now(self) -> dict[str, dict[str, int]]:
        """{mode: {what: how often}}."""
        found: dict[str, dict[str, int]] = {}
        for mode, counts in self._bench.requests().items():
            old, start = self._before.get(mode, {}), self._start.get(mode, {})
            found[mode] = {
                what: old.get(what, 0) + counts.get(what, 0) - start.get(what, 0) for what in {*old, *counts}
            }
        return found


class StepDeeds:
    """The steps of one experiment on its bench. `faults`: those that are going on."""

    def __init__(
        self, experiment: Experiment, bench: Bench, twins: Twins, poller: Poller, clock: Clock, requests: RequestCount
    ) -> None:
        self._experiment, self._bench, self._twins = experiment, bench, twins
        self._poller, self._clock, self._requests = poller, clock, requests
        self.faults: set[FaultKind] = set()
        self._token = ""

    def prepare(self) -> None:
        """New secrets for the twins and the pipeline."""
        self._twins.let_in(self._experiment, self._bench)
        self._token = self._twins.token(self._experiment)

    def push_first(self, revision: str) -> None:
        """The first delivery of the push twin, which is not measured."""
        self._bench.push(self._token, self._experiment.twin(MODES[0]), revision, 0)

    def do(self, step: Step, commits: Mapping[int, StepRecord]) -> dict[str, Any]:
        """Carry a step out; returns what is kept of it. `commits`: {number of a commit: its record}."""
        if step.kind is StepKind.COMMIT:
            return self._commit(step)
        if step.kind is StepKind.PUSH:
            return self._push(step, commits[step.commit])
        if step.kind is StepKind.DRIFT:
            return self._edit()
        assert step.fault is not None
        self.let(step.fault, step.kind is StepKind.BEGIN)
        return {"requests": self._requests.now()}

    def _commit(self, step: Step) -> dict[str, Any]:
        revision = self._bench.commit(step.commit, bad=step.fault is FaultKind.BAD_COMMIT)
        visible_at = timestamp(self._clock.now())
        heard = self._bench.announce(step.commit, lost=step.fault is FaultKind.LOST_WEBHOOK)
        return {"revision": revision, "visible_at": visible_at, "announced": heard}

    def _push(self, step: Step, commit: StepRecord) -> dict[str, Any]:
        if not commit.data.get("announced"):
            return {"sent": False, "why": "its pipeline never heard of the commit"}
        if FaultKind.PIPELINE_OUTAGE in self.faults:
            return {"sent": False, "why": "the pipeline was down"}
        environment, revision = self._experiment.twin(MODES[0]), str(commit.data["revision"])
        answer = self._bench.push(self._token, environment, revision, step.commit)
        return {"sent": True, "taken": answer.taken, "operation": answer.operation, "why": answer.said}

    def _edit(self) -> dict[str, Any]:
        at = timestamp(self._clock.now())
        for mode in MODES:
            self._bench.edit(mode)
        return {"edited_at": at, "edited": [mode for mode in MODES if self._bench.edited(mode)]}

    def let(self, fault: FaultKind, on: bool) -> None:
        """Let a fault begin or end."""
        self._turn(fault, on)
        if fault is FaultKind.EXPIRED_CREDENTIAL:
            if on:
                self._twins.revoke(self._experiment)
            else:
                self.prepare()

    def _turn(self, fault: FaultKind, on: bool) -> None:
        self._bench.fault(fault, on)
        self.faults.add(fault) if on else self.faults.discard(fault)
        if fault in STILL:
            place = self._bench.address, self._experiment.credential(MODES[1])
            self._poller.still(*place, bool(self.faults & STILL))

    def calm(self) -> None:
        """Let every fault end; who takes it up makes new secrets."""
        for fault in tuple(self.faults):
            self._turn(fault, False)
