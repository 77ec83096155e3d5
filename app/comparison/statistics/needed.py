"""How much more would show a difference of the size that was seen: by drawing again from what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from app.comparison.statistics.rank_tests import rank_sum_p, signed_rank_p

ENVIRONMENTS = (5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100)  # of each mode
PAIRS = (8, 10, 12, 15, 20, 30, 40, 60, 80, 100, 150, 200)
SPREAD_FROM = 3  # values: of fewer, nothing is known about how far they lie apart
DRAWS = 20
MISSES = 4  # of the draws that may fail to show it: four of five are to do so
LEVEL = 0.05
SEED = 20261123


def environments_for(first: Sequence[float], second: Sequence[float]) -> float | None:
    """How many environments of each mode it takes to find the difference of these in four of five cases; infinity
    where more than the most that are tried, None where too few are known to tell."""
    if min(len(first), len(second)) < SPREAD_FROM:
        return None
    chance = Random(SEED)  # noqa: S311 (a sample, not a secret)
    one, other = sorted(first), sorted(second)
    return _fewest(ENVIRONMENTS, lambda n: rank_sum_p(chance.choices(one, k=n), chance.choices(other, k=n), exact=0))


def pairs_for(differences: Sequence[float], each: float = 1.0) -> float | None:
    """As `environments_for`, of pairs. `each`: how many independent ones a pair is worth."""
    if len(differences) < SPREAD_FROM:
        return None
    chance = Random(SEED)  # noqa: S311 (a sample, not a secret)
    ordered = sorted(differences)
    return _fewest(PAIRS, lambda n: signed_rank_p(chance.choices(ordered, k=n), exact=0)) / each


def _fewest(sizes: Sequence[int], drawn: Callable[[int], float]) -> float:
    """The smallest size at which enough of the draws show the difference; sizes are halved towards it."""
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        if _shows(drawn, sizes[middle]):
            high = middle
        else:
            low = middle + 1
    return float(sizes[low]) if low < len(sizes) else float("inf")


def _shows(drawn: Callable[[int], float], size: int) -> bool:
    """Whether at most MISSES of the draws of a size fail; no more are made than it takes to know."""
    missed = 0
    for _ in range(DRAWS):
        missed += drawn(size) > LEVEL
        if missed > MISSES:
            return False
    return True
