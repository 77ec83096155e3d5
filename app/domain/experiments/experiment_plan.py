"""The plan of an experiment: what happens when, a pure function of the seed and the parameters.

Commits come when they come, whatever became of those before: who waits for a delivery before the next commit lets the
slower way set the pace and commits right behind its polls.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import StrEnum

from app.domain.experiments.experiment_parameters import IN_A_COMMIT, ExperimentParameters, FaultKind

SPREAD = 0.45  # of the logarithm of a pipeline's duration
LEAST, MOST = 0.4, 2.5  # of the median
QUIET = 0.2  # of a fault's share of the time, before it at most
LENGTH = 0.6  # of that share, at most


class StepKind(StrEnum):
    """`push`: the pipeline of a commit is through; `begin` and `end`: of a fault that lasts."""

    COMMIT = "commit"
    PUSH = "push"
    BEGIN = "begin"
    END = "end"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `at_s`: seconds since the experiment began; `commit`: the number of a commit, from 1 on,
    0 where it is about none; `fault`: that begins, ends, or lies in the commit itself."""

    number: int
    at_s: float
    kind: StepKind
    commit: int = 0
    fault: FaultKind | None = None


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A fault with its time, in seconds since the experiment began."""

    kind: FaultKind
    begin_s: float
    end_s: float


def plan(seed: int, parameters: ExperimentParameters) -> tuple[Step, ...]:
    """The steps of an experiment in their order."""
    chance = random.Random(f"pushpull experiment {seed}")  # noqa: S311 - a schedule, no secret
    times = _commit_times(chance, parameters)
    faults = _disturbances(chance, parameters, times[-1])
    flawed = _flawed(faults, times)
    drawn: list[tuple[float, StepKind, int, FaultKind | None]] = []
    for number, at in enumerate(times, 1):
        drawn.append((at, StepKind.COMMIT, number, flawed.get(number)))
        drawn.append((at + _build_s(chance, parameters.build_s), StepKind.PUSH, number, None))
    for one in faults:
        if one.kind is FaultKind.DRIFT:
            drawn.append((one.begin_s, StepKind.DRIFT, 0, one.kind))
        elif one.kind not in IN_A_COMMIT:
            drawn += [(one.begin_s, StepKind.BEGIN, 0, one.kind), (one.end_s, StepKind.END, 0, one.kind)]
    drawn.sort(key=lambda one: (one[0], one[2]))
    return tuple(Step(number, round(at, 3), kind, commit, fault) for number, (at, kind, commit, fault)
                 in enumerate(drawn, 1))  # fmt: skip


def _commit_times(chance: random.Random, parameters: ExperimentParameters) -> list[float]:
    times, at = [], 0.0
    for _ in range(parameters.commits):
        at += parameters.spacing_s * (0.5 + chance.random())
        times.append(at)
    return times


def _build_s(chance: random.Random, median: float) -> float:
    """Log-normal around the median, within bounds. Of the generator only `random` is asked: it is the same in every
    version of the language."""
    normal = math.sqrt(-2 * math.log(1 - chance.random())) * math.cos(2 * math.pi * chance.random())
    return median * min(MOST, max(LEAST, math.exp(SPREAD * normal)))


def _disturbances(chance: random.Random, parameters: ExperimentParameters, until: float) -> list[Disturbance]:
    """The faults in random order, each in a share of the time of its own."""
    keyed = sorted((chance.random(), index) for index in range(len(parameters.faults)))
    order = [parameters.faults[index] for _, index in keyed]
    share = until / max(1, len(order))
    found = []
    for place, kind in enumerate(order):
        begin = share * (place + QUIET * chance.random())
        found.append(Disturbance(kind, begin, begin + min(parameters.fault_s, LENGTH * share)))
    return found


def _flawed(faults: list[Disturbance], times: list[float]) -> dict[int, FaultKind]:
    """{number of a commit: the fault that lies in it}: the first commit behind the fault's time, never the last one,
    which both twins are waited for with."""
    flawed: dict[int, FaultKind] = {}
    for one in faults:
        if one.kind in IN_A_COMMIT:
            behind = [number for number, at in enumerate(times, 1) if at >= one.begin_s and number not in flawed]
            flawed[behind[0] if behind[0] < len(times) else len(times) - 1] = one.kind
    return flawed
