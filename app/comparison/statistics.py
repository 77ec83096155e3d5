"""Quantiles, intervals and differences, by the standard library alone. Every interval is a 95 % one.

Nothing here assumes a shape of the distribution: waiting times are skewed, and a mean of them tells little.
Swapping the two samples of a difference negates it and its interval exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, floor, lgamma, log, sqrt
from random import Random
from statistics import NormalDist

Interval = tuple[float, float]

LEVEL = 0.95
REPLICATES = 1000
SEED = 20261123
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


def median_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Where median(first) − median(second) lies, for two independent, ascending, non-empty samples.

    Bootstrap percentile interval (Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13) with a fixed
    seed. The samples are taken in an order of their own, so that swapping them changes nothing but the sign.
    """
    if tuple(first) > tuple(second):
        low, high = median_difference(second, first)
        return -high, -low
    pairs = zip(_medians_of_resamples(first, SEED), _medians_of_resamples(second, SEED + 1), strict=True)
    gaps = sorted(one - other for one, other in pairs)
    return quantile(gaps, _TAIL), quantile(gaps, 1 - _TAIL)


def _medians_of_resamples(ordered: Sequence[float], seed: int) -> list[float]:
    """Medians of resamples drawn with replacement, without drawing them.

    The k-th smallest of n draws with replacement is ordered[floor(n · U)], where U is the k-th smallest of n uniform
    numbers: Beta(k, n − k + 1), and the next one is the smallest of n − k uniform numbers above it (David and
    Nagaraja, "Order Statistics", chapter 2). So a resample costs the same whatever its size.
    """
    random, n = Random(seed), len(ordered)  # noqa: S311 (a sample, not a secret)
    k = (n + 1) // 2
    medians = []
    for _ in range(REPLICATES):
        place = random.betavariate(k, n - k + 1)
        value = ordered[min(n - 1, int(n * place))]
        if n % 2 == 0:
            place += (1 - place) * (1 - random.random() ** (1 / (n - k)))
            value = (value + ordered[min(n - 1, int(n * place))]) / 2
        medians.append(value)
    return medians


def share_interval(hits: int, n: int) -> Interval | None:
    """Where a proportion of `hits` in `n` lies; None where n is 0.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927): stays within 0
    and 1 and says something sensible at 0 of n and n of n.
    """
    if n == 0:
        return None
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach))


def share_difference(hits: int, n: int, other_hits: int, other_n: int) -> Interval | None:
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


def thinned(ordered: Sequence[float], limit: int = 200) -> tuple[float, ...]:
    """At most `limit` values of an ascending sample, evenly spaced in rank, smallest and largest included."""
    n = len(ordered)
    if n <= limit:
        return tuple(ordered)
    return tuple(ordered[i * (n - 1) // (limit - 1)] for i in range(limit))
