"""Quantiles and intervals against published and hand-computed values, and what must hold for any sample."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.comparison.statistics import (
    median,
    median_interval,
    quantile,
    quantile_interval,
    share_difference,
    share_interval,
    thinned,
)

seconds = st.floats(min_value=0, max_value=1e6, allow_nan=False)
samples = st.lists(seconds, min_size=1, max_size=60).map(sorted)
chances = st.floats(min_value=0, max_value=1)


def test_quantile_interpolates_as_definition_7() -> None:
    ordered = [1.0, 2.0, 4.0, 8.0]
    assert [quantile(ordered, p) for p in (0, 0.25, 0.5, 0.75, 1)] == [1, 1.75, 3, 5, 8]
    assert quantile(ordered, 0.95) == pytest.approx(4 + 0.85 * 4)
    assert quantile([7.0], 0.3) == 7


def test_median_takes_any_order() -> None:
    assert median([9, 1, 5]) == 5
    assert median([4, 1, 3, 2]) == 2.5


@given(samples, chances, chances)
def test_quantile_is_monotone_and_within_the_sample(ordered: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert ordered[0] <= quantile(ordered, low) <= ordered[-1]
    assert quantile(ordered, low) <= quantile(ordered, high) * (1 + 1e-12) + 1e-300


@pytest.mark.parametrize(
    ("n", "rank"), [(5, None), (6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (25, 8), (50, 18), (100, 40)]
)
def test_median_interval_takes_the_ranks_of_the_sign_test_tables(n: int, rank: int | None) -> None:
    ordered = [float(i) for i in range(1, n + 1)]
    assert median_interval(ordered) == (None if rank is None else (rank, n + 1 - rank))


@settings(max_examples=40)
@given(st.integers(min_value=6, max_value=300))
def test_median_interval_covers_at_least_95_percent_and_is_as_short_as_that_allows(n: int) -> None:
    interval = median_interval([float(i) for i in range(1, n + 1)])
    assert interval is not None
    rank = int(interval[0])

    def missed(r: int) -> float:
        return float(2 * sum(comb(n, i) for i in range(r)) / 2**n)

    assert missed(rank) <= 0.05 < missed(rank + 1)


def test_median_interval_holds_for_thousands() -> None:
    low, high = median_interval([float(i) for i in range(10_000)]) or (0, 0)
    assert (low + high) / 2 == pytest.approx(4999.5)
    assert high - low == pytest.approx(2 * 1.96 * 50, rel=0.03)  # normal limit: ± 1.96 · √n / 2 ranks


@given(samples)
def test_median_interval_holds_the_median(ordered: list[float]) -> None:
    interval = median_interval(ordered)
    if interval:
        assert interval[0] <= median(ordered) <= interval[1]


def test_wilson_interval_of_textbook_cases() -> None:
    assert share_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I
    assert share_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert share_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert share_interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert share_interval(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_is_bounded_symmetric_and_holds_the_share(case: tuple[int, int]) -> None:
    hits, n = case
    low, high = share_interval(hits, n) or (1, 0)
    mirrored = share_interval(n - hits, n) or (1, 0)
    assert 0 <= low <= hits / n <= high <= 1
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high))


def test_difference_of_shares_of_the_paper() -> None:
    assert share_difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)  # Newcombe 1998, table II
    assert share_difference(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert share_difference(0, 10, 0, 20) == pytest.approx((-0.1611, 0.2775), abs=5e-5)
    assert share_difference(1, 2, 0, 0) is None


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(20, 17, None), (40, 35, None), (71, 63, None), (72, 64, 72), (100, 90, 100), (200, 184, 197)],
)
def test_a_p95_lies_between_the_order_statistics_of_the_binomial(n: int, low: float, high: float | None) -> None:
    """SciPy 1.17.1: quantile_test(range(1, n + 1), p=0.95).confidence_interval()."""
    assert quantile_interval([float(i) for i in range(1, n + 1)], 0.95) == (low, high)


@given(st.lists(seconds, min_size=1, max_size=900).map(sorted), st.integers(2, 200))
def test_thinning_keeps_ends_and_order(ordered: list[float], limit: int) -> None:
    kept = thinned(ordered, limit)
    assert len(kept) == min(len(ordered), limit)
    assert (kept[0], kept[-1]) == (ordered[0], ordered[-1])
    assert list(kept) == sorted(kept)
