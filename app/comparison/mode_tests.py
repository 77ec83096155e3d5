"""Push against pull where each has its own commits: what environments tell, not what their deliveries do.

A difference has to stand out from what environments differ by anyhow, and from what values move by in time. An
environment that is set against itself, before and after a switch, has its time alone to stand out from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

from app.comparison.clusters import Figure, by_environment, movement, when
from app.comparison.counted import Counted
from app.comparison.statistics import Interval, median, share_difference
from app.comparison.statistics.needed import environments_for
from app.comparison.statistics.rank_tests import rank_sum_p, shift, shift_interval
from app.comparison.statistics.survival import median_lasting, scores
from app.comparison.statistics.time_dependence import BESIDE, FEWEST, two_series_p, worth
from app.wording.figures import environments_missing, stretches_missing

ENVIRONMENTS = 5  # of each mode
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Contrast:
    """What sets push apart from pull. `difference`: push minus pull in the row's unit, with `interval`; `p`: how often
    chance alone does as much, None where it was not tested, and `missing` says why; `effect`: in which share of pairs
    push has the lower value; `environments`: {mode: how many it comes from}; `needed`: how many of each mode would show
    a difference of this size, None where that is not known; `moving`: whether the environments tell it, and time
    does not."""

    difference: float | None = None
    interval: Interval | None = None
    p: float | None = None
    effect: float | None = None
    environments: Mapping[str, int] | None = None
    needed: float | None = None
    missing: str = ""
    moving: bool = False


class Sides:
    """The cases of both modes, by environment and by time."""

    def __init__(self, push: Sequence[Counted], pull: Sequence[Counted]) -> None:
        self.modes = [by_environment(push), by_environment(pull)]
        self.open = any(not case.ended for case in (*push, *pull))

    @cached_property
    def cases(self) -> list[list[Counted]]:
        """The cases of each mode, oldest first."""
        return [sorted([case for cases in mode.values() for case in cases], key=when) for mode in self.modes]

    @cached_property
    def names(self) -> list[list[str]]:
        """Where each of these happened."""
        own = [[case.place for case in cases] for cases in self.cases]
        if all(map(all, own)):
            return own
        of = [{id(case): name for name, cases in mode.items() for case in cases} for mode in self.modes]
        return [[named[id(case)] for case in cases] for named, cases in zip(of, self.cases, strict=True)]

    @cached_property
    def scores(self) -> tuple[list[float], list[float]]:
        """How high each of these ranks among all, about zero."""
        told = scores([(case.value, case.ended) for cases in self.cases for case in cases])
        return told[: len(self.cases[0])], told[len(self.cases[0]) :]

    @property
    def counts(self) -> Mapping[str, int]:
        """{mode: environments}."""
        return {"push": len(self.modes[0]), "pull": len(self.modes[1])}

    @property
    def one(self) -> bool:
        """Whether it is one environment, before and after a switch."""
        return len(self.modes[0]) == 1 and self.modes[0].keys() == self.modes[1].keys()

    def figures(self, figure: Figure) -> tuple[list[float], list[float]]:
        """A figure of each environment."""
        first, second = ([figure(cases) for cases in mode.values()] for mode in self.modes)
        return first, second

    def levels(self) -> tuple[list[float], list[float]]:
        """The mean score of each environment."""
        first, second = (
            [sum(of) / len(of) for of in _grouped(told, names)]
            for told, names in zip(self.scores, self.names, strict=True)
        )
        return first, second

    def effect(self) -> float:
        """In which share of pairs of a push and a pull case push has the lower value, ties counted half (McGraw and
        Wong 1992: the common language effect size). Within a mode, scores cancel out."""
        push, pull = self.scores
        return 0.5 - sum(push) / (2 * len(push) * len(pull))

    def series(self) -> tuple[list[float], list[float]]:
        """What moves the scores of each mode, in the order of time."""
        first, second = (movement(told, names) for told, names in zip(self.scores, self.names, strict=True))
        return first, second


def _grouped(told: Sequence[float], names: Sequence[str]) -> list[list[float]]:
    found: dict[str, list[float]] = {}
    for score, name in zip(told, names, strict=True):
        found.setdefault(name, []).append(score)
    return list(found.values())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# --- durations ---
def durations(push: Sequence[Counted], pull: Sequence[Counted], tested: bool = True) -> Contrast:
    """Two modes' durations: environments by their medians. `tested`: whether there is a question beyond the
    difference."""
    sides = Sides(push, pull)
    if not (push and pull):
        return Contrast(environments=sides.counts)
    if tested and sides.one:
        return _before_and_after(sides)
    first, second = sides.figures(typical)
    found = Contrast(shift(first, second), environments=sides.counts)
    if not tested:
        return found
    if min(len(first), len(second)) < ENVIRONMENTS:
        return _too_few(found, first, second)
    found = replace(found, effect=sides.effect())
    compared = sides.levels() if sides.open else (first, second)
    return _tested(found, sides, compared, shift_interval(first, second))


def typical(cases: Sequence[Counted]) -> float:
    """The median duration of an environment's cases; where most of them are still open, the longest time so far."""
    if all(case.ended for case in cases):
        return median([case.value for case in cases])
    middle = median_lasting([(case.value, case.ended) for case in cases])
    return max(case.value for case in cases) if middle is None else middle


def _before_and_after(sides: Sides) -> Contrast:
    """One environment in both modes: two stretches of one series."""
    first, second = ([case.value for case in cases] for cases in sides.cases)
    series = sides.series()
    told = worth(series[0]), worth(series[1])
    found = Contrast(shift(first, second), environments=sides.counts, effect=sides.effect())
    if min(told) < FEWEST:
        return replace(found, missing=stretches_missing(min(told)))
    p = max(rank_sum_p(first, second), _p_in_time(sides, series))
    return replace(found, p=p, interval=shift_interval(first, second, told))


# --- shares ---
def shares(push: Sequence[Counted], pull: Sequence[Counted], tested: bool = True) -> Contrast:
    """Two modes' shares: environments by their own. `tested`: whether there is a question beyond the difference."""
    if not (push and pull and tested):
        places = {mode: len({case.place for case in cases}) for mode, cases in (("push", push), ("pull", pull))}
        return Contrast(_share(push) - _share(pull) if push and pull else None, environments=places)
    sides = Sides(push, pull)
    found = Contrast(_share(push) - _share(pull), environments=sides.counts)
    first, second = sides.figures(_share)
    if sides.one:
        return _shares_of_one(found, sides)
    if min(len(first), len(second)) < ENVIRONMENTS:
        return _too_few(found, first, second)
    weight = 1 / max(1.0, *(_design_effect(mode) for mode in sides.modes))
    return _tested(found, sides, (first, second), _share_interval(push, pull, (weight, weight)))


def _shares_of_one(found: Contrast, sides: Sides) -> Contrast:
    series = sides.series()
    told = worth(series[0]), worth(series[1])
    if min(told) < FEWEST:
        return replace(found, missing=stretches_missing(min(told)))
    weights = told[0] / len(series[0]), told[1] / len(series[1])
    return replace(
        found, p=_p_in_time(sides, series), interval=_share_interval(sides.cases[0], sides.cases[1], weights)
    )


def _share(cases: Sequence[Counted]) -> float:
    return _mean([case.value > 0 for case in cases])


def _share_interval(push: Sequence[Counted], pull: Sequence[Counted], weights: tuple[float, float]) -> Interval | None:
    hits = [sum(case.value > 0 for case in cases) for cases in (push, pull)]
    return share_difference(hits[0] * weights[0], len(push) * weights[0], hits[1] * weights[1], len(pull) * weights[1])


def _design_effect(environments: Mapping[str, Sequence[Counted]]) -> float:
    """How many times the variance of a share is that of as many independent cases (Kish, "Survey Sampling", section
    5.4), from how the shares of the environments scatter."""
    n, count = sum(map(len, environments.values())), len(environments)
    share = sum(case.value > 0 for cases in environments.values() for case in cases) / n
    if not 0 < share < 1:
        return 1.0
    off = sum((len(cases) * (_share(cases) - share)) ** 2 for cases in environments.values())
    return off * count / (count - 1) / (n * share * (1 - share))


# --- both ---
def _tested(
    found: Contrast, sides: Sides, compared: tuple[Sequence[float], Sequence[float]], interval: Interval | None
) -> Contrast:
    if len({*compared[0], *compared[1]}) == 1:
        return found  # alike in all environments: nothing to test
    p, in_time = rank_sum_p(*compared), _p_in_time(sides, sides.series(), BESIDE)
    needed = None if p <= LEVEL else environments_for(*compared)
    return replace(found, p=max(p, in_time), interval=interval, needed=needed, moving=p <= LEVEL < in_time)


def _p_in_time(sides: Sides, series: tuple[Sequence[float], Sequence[float]], fewest: float = FEWEST) -> float:
    first, second = (_mean(levels) for levels in sides.levels())
    return two_series_p(first - second, *series, fewest)


def _too_few(found: Contrast, first: Sequence[float], second: Sequence[float]) -> Contrast:
    missing = environments_missing(len(first), len(second), ENVIRONMENTS)
    needed = environments_for(first, second)
    return replace(found, missing=missing, needed=needed if needed and ENVIRONMENTS < needed < inf else None)
