"""Quantiles, shares and their intervals, by the standard library alone. Every interval is a 95 % one.

Nothing here assumes a shape of the distribution: waiting times are skewed, and a mean of them tells little.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, floor, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import TypeVar

Value = TypeVar("Value")
Interval = tuple[float, float]

LEVEL = 0.95
_TAIL = (1 - LEVEL) / 2
_Z = NormalDist().inv_cdf(1 - _TAIL)


def quantile(ordered: Sequence[float], p: float) -> float:
    """The p-quantile (0 ≤ p ≤ 1) of a non-empty ascending sample.

    Definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996):
    linear between the order statistics, the smallest at p = 0 and the largest at p = 1.
    """
    at = (len(ordered) - 1) * p
    below = floor(at)
    above = min(below + 1, len(ordered) - 1)
    return _between(ordered[below], ordered[above], at - below)


def _between(low: float, high: float, share: float) -> float:
    return low if low == high or share == 0 else min(high, low + share * (high - low))


def median(values: Sequence[float]) -> float:
    """The median of a non-empty sample in any order."""
    return values[0] if len(values) == 1 else quantile(sorted(values), 0.5)


def median_interval(ordered: Sequence[float]) -> Interval | None:
    """Where the median of what the ascending sample was drawn from lies; None below six values.

    Two order statistics, after the sign test (Thompson 1936; Conover, "Practical Nonparametric Statistics", section
    3.2): exact for any continuous distribution, never shorter than it claims, without chance. Five values cannot
    give 95 %: both ends miss on one side with probability 2 / 2**5.
    """
    rank = _sign_test_rank(len(ordered))
    return (ordered[rank - 1], ordered[len(ordered) - rank]) if rank else None


@lru_cache(maxsize=256)
def _sign_test_rank(n: int) -> int:
    """The largest r with P(Binomial(n, 1/2) < r) ≤ 2.5 %; 0 where there is none."""
    below = 0.0
    for rank in range(n // 2 + 1):
        below += exp(lgamma(n + 1) - lgamma(rank + 1) - lgamma(n - rank + 1) - n * log(2))
        if below > _TAIL:
            return rank
    return 0


def quantile_interval(ordered: Sequence[float], p: float) -> tuple[float | None, float | None]:
    """Where the p-quantile of what the ascending sample was drawn from lies: two order statistics, after the binomial
    distribution (Conover, section 3.2). An end is None where no value is far enough out: a p95 has no upper bound
    below 72 values."""
    low, high = _binomial_ranks(len(ordered), p)
    return ordered[low - 1] if low else None, ordered[high - 1] if high else None


@lru_cache(maxsize=256)
def _binomial_ranks(n: int, p: float) -> tuple[int, int]:
    """The ranks of the ends, 0 where there is none: for the last r with P(Binomial(n, p) < r) ≤ 2.5 %, and the first
    with P(Binomial(n, p) ≥ r) ≤ 2.5 %."""
    reach = 12 * sqrt(n * p * (1 - p)) + 1  # beyond it nothing weighs
    first, below, low = max(0, floor(n * p - reach)), 0.0, 0
    for rank in range(first, n + 1):
        low = rank if below <= _TAIL else low
        if 1 - below <= _TAIL:
            return low, rank
        below += exp(lgamma(n + 1) - lgamma(rank + 1) - lgamma(n - rank + 1) + rank * log(p) + (n - rank) * log1p(-p))
    return low, 0


def share_interval(hits: float, n: float) -> Interval | None:
    """Where a proportion of `hits` in `n` lies; None where n is 0. Fractions: cases that lean on each other.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927): stays within 0
    and 1 and says something sensible at 0 of n and n of n.
    """
    if n == 0:
        return None
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach))


def share_difference(hits: float, n: float, other_hits: float, other_n: float) -> Interval | None:
    """Where the first proportion minus the second lies; None where either has no cases.

    Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17
    (1998), method 10: the two Wilson intervals combined.
    """
    one, other = share_interval(hits, n), share_interval(other_hits, other_n)
    if one is None or other is None:
        return None
    share, other_share = hits / n, other_hits / other_n
    low = sqrt((share - one[0]) ** 2 + (other[1] - other_share) ** 2)
    high = sqrt((one[1] - share) ** 2 + (other_share - other[0]) ** 2)
    return share - other_share - low, share - other_share + high


def poisson_interval(count: int, over: float) -> Interval:
    """Where the rate lies of what was counted `count` times over a stretch of length `over` > 0 (Garwood, "Fiducial
    limits for the Poisson distribution", Biometrika 28 (1936)): exact, and longer than it claims where counts are few.
    """
    low = _mean_at(count - 1, 1 - _TAIL) if count else 0.0
    return low / over, _mean_at(count, _TAIL) / over


def _mean_at(count: int, below: float) -> float:
    """The mean of the Poisson distribution that has `count` or fewer with the probability `below`, by halving."""
    low, high = 0.0, count + 12 * sqrt(count + 1) + 12
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _poisson_share(count, middle) > below else (low, middle)
    return (low + high) / 2


def _poisson_share(count: int, mean: float) -> float:
    """The probability of `count` or fewer."""
    first = max(0, floor(mean - 12 * sqrt(mean) - 12))  # below it nothing weighs
    if mean <= 0 or first > count:
        return 1.0 if mean <= 0 else 0.0
    return sum(exp(number * log(mean) - mean - lgamma(number + 1)) for number in range(first, count + 1))


def thinned(ordered: Sequence[Value], limit: int = 200) -> tuple[Value, ...]:
    """At most `limit` values of an ascending sample, evenly spaced in rank, smallest and largest included."""
    n = len(ordered)
    if n <= limit:
        return tuple(ordered)
    return tuple(ordered[i * (n - 1) // (limit - 1)] for i in range(limit))
