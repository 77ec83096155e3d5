"""Timing cases against each other: A B C A B C …, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Case:
    """Something to be timed. `prepare` runs before each round and is not timed."""

    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured under one name, in seconds unless `unit` says otherwise."""

    name: str
    values: tuple[float, ...]
    unit: str = "s"

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)

    def percentile(self, share: float) -> float:
        """The nearest-rank percentile, `share` from 0 to 1."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure that counts, with the goal it has to meet, if there is one (`at_most`, or else at least)."""

    name: str
    value: float
    unit: str = "×"
    goal: float | None = None
    at_most: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal


@dataclass(slots=True)
class Result:
    """What a benchmark found."""

    title: str
    told: str
    figures: list[Figure] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def interleaved(use_cases: Mapping[str, Case], rounds: int) -> dict[str, Figure]:
    """Time every case once a round, after a round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in use_cases}
    for number in range(rounds + 1):
        for name, case in use_cases.items():
            case.prepare()
            seconds = timed(case.run)
            if number:
                taken[name].append(seconds)
    return {name: Figure(name, tuple(values)) for name, values in taken.items()}


def timed(call: Callable[[], object]) -> float:
    """How long a call takes, in seconds."""
    gc.collect()
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def ratio(one: Figure, other: Figure) -> float:
    """The median of the rounds' ratios: a slow moment of the machine touches both sides of a pair."""
    return median(a / b for a, b in zip(one.values, other.values, strict=True))


def spread(name: str, values: Sequence[float], unit: str = "s") -> Figure:
    """A figure out of values that were measured elsewhere."""
    return Figure(name, tuple(values), unit)
