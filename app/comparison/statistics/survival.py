"""Durations of which some have not ended yet: such a one is known to last at least so long."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby
from math import exp, log, sqrt
from statistics import NormalDist

from app.comparison.statistics.intervals import LEVEL, thinned
from app.comparison.statistics.rank_tests import doubled_ranks

Lasting = tuple[float, bool]  # (seconds, whether it has ended)
_Z = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2)


def median_lasting(durations: Sequence[Lasting]) -> float | None:
    """The time after which half have ended (Kaplan and Meier, "Nonparametric estimation from incomplete observations",
    JASA 53 (1958)); None where more than half lasted longer than anything that was seen to end.

    Where the curve is level at one half, the middle of the level, so that without open ones it is the median.
    """
    curve = _curve(durations)
    for number, (at, left, _) in enumerate(curve):
        if left < 0.5 - 1e-9:
            return at
        if left <= 0.5 + 1e-9:
            return (at + curve[number + 1][0]) / 2 if number + 1 < len(curve) else at
    return None


def median_lasting_interval(durations: Sequence[Lasting]) -> tuple[float | None, float | None]:
    """Where that median lies, an end None where nothing tells it (Brookmeyer and Crowley, Biometrics 38 (1982), with
    Greenwood's variance on the scale of log(−log))."""
    low = high = None
    for at, left, spread in _curve(durations):
        bottom, top = _band(left, spread)
        low = at if low is None and bottom <= 0.5 else low
        high = at if high is None and top < 0.5 else high
    return low, high


def shares_over(durations: Sequence[Lasting]) -> tuple[tuple[float, float], ...]:
    """(seconds, share that is over by then), ascending: at most 200 steps, the last one included."""
    return thinned([(at, 1 - left) for at, left, _ in _curve(durations)])


def _curve(durations: Sequence[Lasting]) -> list[tuple[float, float, float]]:
    """(time, share that lasts longer, Greenwood's sum) at every time at which one ended."""
    steps: list[tuple[float, float, float]] = []
    at_risk, left, spread = len(durations), 1.0, 0.0
    for at, same in groupby(sorted(durations), key=lambda one: one[0]):
        here = list(same)
        ended = sum(over for _, over in here)
        if ended:
            left *= 1 - ended / at_risk
            spread += ended / (at_risk * (at_risk - ended)) if at_risk > ended else 0.0
            steps.append((at, left, spread))
        at_risk -= len(here)
    return steps


def _band(left: float, spread: float) -> tuple[float, float]:
    if not 0 < left < 1:
        return left, left
    reach = _Z * sqrt(spread) / abs(log(left))
    return exp(log(left) * exp(reach)), exp(log(left) * exp(-reach))


def scores(durations: Sequence[Lasting]) -> list[float]:
    """For each, how many more of all certainly ended before it than after it (Gehan, Biometrika 52 (1965)), in the
    order given. Without open ones, that is its rank about the middle, doubled."""
    if all(over for _, over in durations):
        return [float(rank - len(durations) - 1) for rank in doubled_ranks([seconds for seconds, _ in durations])]
    ends = sorted(seconds for seconds, over in durations if over)
    every = sorted(seconds for seconds, _ in durations)
    open_ = sorted(seconds for seconds, over in durations if not over)
    found = []
    for seconds, over in durations:
        if over:
            shorter = bisect_left(ends, seconds)
            longer = len(every) - bisect_right(every, seconds)
            longer += bisect_right(open_, seconds) - bisect_left(open_, seconds)  # still open then: longer
        else:
            shorter, longer = bisect_right(ends, seconds), 0
        found.append(float(shorter - longer))
    return found
