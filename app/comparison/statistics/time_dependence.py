"""What values in the order of their times are worth, where each resembles the one before it.

An hour with a slow network, a queue, a rhythm of the day: values that follow one another lean on each other, and n of
them tell as much as fewer independent ones do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, lgamma, log, log1p, sqrt

FEWEST = 6.5  # independent values: fewer do not tell how much they scatter
BESIDE = 2.5  # where environments tell it too, and time is only looked at beside
LENGTHS = (1, 2, 4, 8, 16)  # of batches in which dependence is looked for
BATCHES = 10  # of a length, at least, unless single values are looked at
_MOST = 0.98
_TINY = 1e-300


def autocorrelation(series: Sequence[float]) -> float:
    """How much each value may resemble the one before it (at most 1): the lag-1 autocorrelation without its bias
    towards −1 / n (Marriott and Pope, "Bias in the estimation of autocorrelations", Biometrika 41 (1954)), and, where
    there is any, in proportion half a standard error more."""
    n = len(series)
    mean = sum(series) / n if n else 0.0
    off = [one - mean for one in series]
    around = sum(one * one for one in off)
    if n < 3 or around <= 1e-18 * max(1.0, mean * mean) * n:
        return 0.0
    found = sum(one * after for one, after in pairwise(off)) / around
    return min(1.0, found + (1 + 4 * found) / n + max(0.0, found) / (2 * sqrt(n)))


def worth(series: Sequence[float]) -> float:
    """How many independent values say as much about the mean as these do, at most as many as there are.

    Looked for among single values and among the means of batches, since a slow movement under much noise shows only
    there; the least is taken.
    """
    n = len(series)
    least = float(n)
    for length in LENGTHS:
        count = n // length
        if length > 1 and count < BATCHES:
            break
        means = [sum(series[at * length : (at + 1) * length]) / length for at in range(count)]
        least = min(least, _worth_of(means, series))
    return least


def _worth_of(means: Sequence[float], series: Sequence[float]) -> float:
    """What a variance of batch means, each leaning on the one before, makes of as many values."""
    leaning = min(_MOST, max(0.0, autocorrelation(means)))
    spread, single = _variance(means), _variance(series)
    if spread <= 0 or single <= 0:
        return float(len(series))
    return single / (spread * (1 + leaning) / (1 - leaning)) * len(means)


def _variance(values: Sequence[float]) -> float:
    n = len(values)
    mean = sum(values) / n
    return sum((one - mean) ** 2 for one in values) / (n - 1) if n > 1 else 0.0


def one_series_p(mean: float, series: Sequence[float], fewest: float = FEWEST) -> float:
    """How often chance alone moves a mean as far off zero, of values that moved in time as the series did: Student's t
    on what they are worth; 1 where that is less than `fewest`."""
    told = worth(series)
    return student_p(mean, _variance(series) / told, told - 1) if told >= fewest else 1.0


def two_series_p(gap: float, first: Sequence[float], second: Sequence[float], fewest: float = FEWEST) -> float:
    """How often chance alone sets two modes `gap` apart, whose values moved in time as the two series did: Welch's t
    on what they are worth; 1 where either is worth less than `fewest`."""
    errors, degrees = 0.0, 0.0
    for series in (first, second):
        told = worth(series)
        if told < fewest:
            return 1.0
        error = _variance(series) / told
        errors, degrees = errors + error, degrees + error * error / (told - 1)
    return student_p(gap, errors, errors * errors / degrees if degrees else 1.0)


def student_p(off: float, variance: float, degrees: float) -> float:
    """The two-sided p of a deviation with an estimated variance (Student 1908)."""
    if variance <= 0:
        return 1.0 if off == 0 else 0.0
    return _beta_share(degrees / (degrees + off * off / variance), degrees / 2, 0.5)


def _beta_share(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function, by Lentz's continued fraction ("Numerical Recipes", section 6.4)."""
    if x <= 0 or x >= 1:
        return min(1.0, max(0.0, x))
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 200):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / _off_zero(1 + step * d), _off_zero(1 + step / c)
            result *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return result


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
