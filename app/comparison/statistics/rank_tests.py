"""Tests and intervals by ranks: two independent samples, and one of differences. Exact where samples are small.

Every p is two-sided, every interval a 95 % one. Swapping two samples, or the sign of differences, keeps p and negates
estimate and interval exactly.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from math import comb, floor, sqrt
from statistics import NormalDist

from app.comparison.statistics.intervals import LEVEL, Interval, quantile

EXACT_RANK_SUM = 40  # values in both samples together
EXACT_SIGNED_RANK = 40  # differences
MOST = 100  # values of a sample whose pairs are formed; of more, as many quantiles
_TAIL = (1 - LEVEL) / 2
_Z = NormalDist().inv_cdf(1 - _TAIL)
_BYTES = 8  # of a count: 2**40 and comb(40, 20) fit


def doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, where equal ones share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, before = [0] * len(values), 0
    for _, tied in groupby(order, key=values.__getitem__):
        same = list(tied)
        for index in same:
            ranks[index] = 2 * before + len(same) + 1
        before += len(same)
    return ranks


def rank_sum_p(first: Sequence[float], second: Sequence[float], exact: int = EXACT_RANK_SUM) -> float:
    """How often chance alone sets two samples at least as far apart (Wilcoxon 1945; Mann and Whitney 1947).

    Exact over all ways to deal the values out, ties included, up to `exact` of them; beyond, by the normal
    limit with the correction for ties and continuity. 1 where either sample is empty.
    """
    m, n = len(first), len(second)
    if not (m and n):
        return 1.0
    ranks = doubled_ranks([*first, *second])
    total = sum(ranks[:m])
    if m + n <= exact:
        return _dealt_as_far(tuple(sorted(ranks)), m, abs(total - m * (m + n + 1)))
    ties = sum(size**3 - size for size in (sum(1 for _ in same) for _, same in groupby(sorted(ranks))))
    variance = m * n / 12 * ((m + n + 1) - ties / ((m + n) * (m + n - 1)))
    return _normal_p(abs(total / 2 - m * (m + n + 1) / 2), variance)


def _normal_p(off: float, variance: float) -> float:
    return 1.0 if variance <= 0 else min(1.0, 2 * NormalDist().cdf(-max(0.0, off - 0.5) / sqrt(variance)))


@lru_cache(maxsize=512)
def _dealt_as_far(ranks: tuple[int, ...], m: int, off: int) -> float:
    counts, middle = _sums_of(ranks, m), m * (len(ranks) + 1)
    as_far = sum(counts[: max(0, middle - off + 1)]) + sum(counts[middle + off :])
    return min(1.0, as_far / comb(len(ranks), m))


@lru_cache(maxsize=64)
def _sums_of(ranks: tuple[int, ...], m: int) -> array[int]:
    """How many choices of m ranks have each sum. A polynomial's coefficients lie side by side in one large number, so
    that a shift multiplies it by a power."""
    chosen = [1] + [0] * m
    for number, rank in enumerate(ranks, 1):
        for size in range(min(m, number), 0, -1):
            chosen[size] += chosen[size - 1] << (8 * _BYTES * rank)
    return _coefficients(chosen[m], sum(ranks[-m:]) + 1)


def _coefficients(number: int, count: int) -> array[int]:
    return array("Q", number.to_bytes(count * _BYTES, "little"))


def shift(first: Sequence[float], second: Sequence[float]) -> float:
    """How much larger the first sample is: the median of all differences first − second (Hodges and Lehmann 1963).
    Both are non-empty."""
    return quantile(_differences(first, second), 0.5)


def shift_interval(
    first: Sequence[float], second: Sequence[float], sizes: tuple[float, float] | None = None
) -> Interval | None:
    """Where the shift lies, as the rank-sum test tells it (Moses 1953; Hollander and Wolfe, "Nonparametric Statistical
    Methods", section 4.3). `sizes`: what the samples are worth, where their values lean on each other. None where so
    few values tell nothing."""
    m, n = sizes or (len(first), len(second))
    rank = _rank_sum_rank(floor(m), floor(n)) if min(m, n) >= 1 else 0
    if not rank:
        return None
    return _between_ranks(_differences(first, second), rank, floor(m) * floor(n))


def _few(values: Sequence[float]) -> list[float]:
    """In ascending order, and of more than MOST values that many, evenly spaced in rank and alike from both ends."""
    ordered = sorted(values)
    if len(ordered) <= MOST:
        return ordered
    half = [at * (len(ordered) - 1) // (MOST - 1) for at in range(MOST // 2)]
    return [ordered[at] for at in half] + [ordered[-1 - at] for at in reversed(half)]


def _differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    one, other = _few(first), _few(second)
    return sorted([a - b for a in one for b in other])


def _between_ranks(ordered: Sequence[float], rank: int, of: int) -> Interval:
    """The rank-th value from each end; `of`: how many values the rank was made for. Of another number of values it is
    the one in the middle of the same share of them, since each of n stands for 1 / n."""
    at = rank - 1 if of == len(ordered) else floor((rank - 0.5) / of * len(ordered))
    return ordered[at], ordered[-1 - at]


@lru_cache(maxsize=512)
def _rank_sum_rank(m: int, n: int) -> int:
    """The largest r with P(U < r) ≤ 2.5 % under no difference; 0 where there is none."""
    if m + n > EXACT_RANK_SUM:
        return max(0, floor(m * n / 2 - _Z * sqrt(m * n * (m + n + 1) / 12)))
    counts = _sums_of(tuple(range(2, 2 * (m + n) + 1, 2)), m)
    return _tail_rank(counts[m * (m + 1) :: 2], comb(m + n, m))


def _tail_rank(counts: Sequence[int], total: int) -> int:
    below = 0
    for rank, count in enumerate(counts):
        below += count
        if below / total > _TAIL:
            return rank
    return 0


def signed_rank_p(differences: Sequence[float], exact: int = EXACT_SIGNED_RANK) -> float:
    """How often chance alone sets differences at least as far off zero, were each as likely below as above it
    (Wilcoxon 1945). Zeros are left out. Exact, ties included, up to `exact` of them; beyond by the normal limit."""
    told = [one for one in differences if one]
    n = len(told)
    if not n:
        return 1.0
    ranks = doubled_ranks([abs(one) for one in told])
    above, total = sum(rank for rank, one in zip(ranks, told, strict=True) if one > 0), n * (n + 1)
    off = abs(2 * above - total)
    if n > exact:
        return _normal_p(off / 4, sum(rank * rank for rank in ranks) / 16)
    counts = _signed_sums(tuple(sorted(ranks)))
    as_far = sum(count for at, count in enumerate(counts) if abs(2 * at - total) >= off)
    return min(1.0, float(as_far / 2**n))


@lru_cache(maxsize=256)
def _signed_sums(ranks: tuple[int, ...]) -> array[int]:
    number = 1
    for rank in ranks:
        number += number << (8 * _BYTES * rank)
    return _coefficients(number, sum(ranks) + 1)


def centre(differences: Sequence[float]) -> float:
    """The median of all means of two of the differences, each with itself too (Hodges and Lehmann 1963)."""
    return quantile(_walsh(differences), 0.5)


def centre_interval(differences: Sequence[float], size: float | None = None) -> Interval | None:
    """Where the centre lies, as the signed-rank test tells it (Tukey 1949; Hollander and Wolfe, section 3.3). `size`:
    what the differences are worth, where they lean on each other. None where so few tell nothing."""
    n = floor(len(differences) if size is None else size)
    rank = _signed_rank_rank(n) if n >= 1 else 0
    return _between_ranks(_walsh(differences), rank, n * (n + 1) // 2) if rank else None


def _walsh(differences: Sequence[float]) -> list[float]:
    ordered = _few(differences)
    return sorted([(one + other) / 2 for at, one in enumerate(ordered) for other in ordered[at:]])


@lru_cache(maxsize=256)
def _signed_rank_rank(n: int) -> int:
    """The largest r with P(V < r) ≤ 2.5 % under no difference; 0 where there is none."""
    if n > EXACT_SIGNED_RANK:
        return max(0, floor(n * (n + 1) / 4 - _Z * sqrt(n * (n + 1) * (2 * n + 1) / 24)))
    return _tail_rank(_signed_sums(tuple(range(2, 2 * n + 1, 2)))[::2], 2**n)
