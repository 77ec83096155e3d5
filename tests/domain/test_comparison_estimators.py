"""Tests by rank, by time and of open durations, against values of SciPy 1.17.1, and what must hold for any sample."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.comparison.family import adjusted
from app.comparison.statistics.needed import environments_for, pairs_for
from app.comparison.statistics.rank_tests import (
    centre,
    centre_interval,
    rank_sum_p,
    shift,
    shift_interval,
    signed_rank_p,
)
from app.comparison.statistics.survival import median_lasting, median_lasting_interval, scores
from app.comparison.statistics.time_dependence import autocorrelation, one_series_p, student_p, two_series_p, worth

whole = st.integers(-1000, 1000).map(float)
samples = st.lists(whole, min_size=1, max_size=24)
ONE = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
OTHER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]


# --- by rank ---
def test_rank_sums_are_those_of_the_reference() -> None:
    assert rank_sum_p([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(2 / 252)
    assert rank_sum_p([1, 1, 2, 2, 3, 4], [2, 3, 3, 5, 5, 6]) == pytest.approx(0.05411255)  # permutation_test, all
    assert rank_sum_p(ONE, [0.878, 0.647, 0.598, 2.05, 1.061, 1.29, 1.06]) == pytest.approx(0.0548951049)
    assert rank_sum_p(range(30), [value + 7.5 for value in range(30)]) == pytest.approx(0.0036708934)
    assert rank_sum_p([], [1.0]) == 1


def test_signed_ranks_are_those_of_the_reference() -> None:
    differences = [one - other for one, other in zip(ONE, OTHER, strict=True)]
    assert signed_rank_p(differences) == pytest.approx(0.0390625)  # Hollander and Wolfe, example 3.1
    assert centre(differences) == pytest.approx(0.46)  # the same, example 3.3
    assert signed_rank_p([2, 0, 0, 0, -1, 0, 1, 1, 2, 3, 1, 1]) == pytest.approx(0.046875)  # all 256 signs, by hand
    assert signed_rank_p([value - 20.5 for value in range(60)]) == pytest.approx(0.000652816762)
    assert signed_rank_p([0.0, 0.0]) == 1


@settings(max_examples=60)
@given(samples, samples)
def test_swapping_samples_negates_the_shift_and_keeps_its_p(one: list[float], other: list[float]) -> None:
    assert rank_sum_p(one, other) == pytest.approx(rank_sum_p(other, one))
    assert shift(one, other) == pytest.approx(-shift(other, one))
    found, back = shift_interval(one, other), shift_interval(other, one)
    assert (found is None) == (back is None)
    if found and back:
        assert found == pytest.approx((-back[1], -back[0]))


@settings(max_examples=60)
@given(samples, samples, whole)
def test_shifting_a_sample_shifts_the_estimate(one: list[float], other: list[float], by: float) -> None:
    moved = [value + by for value in one]
    assert shift(moved, other) == pytest.approx(shift(one, other) + by)
    found, there = shift_interval(one, other), shift_interval(moved, other)
    if found and there:
        assert there == pytest.approx((found[0] + by, found[1] + by))
        assert there[0] <= shift(moved, other) <= there[1]


@settings(max_examples=60)
@given(st.lists(whole, min_size=3, max_size=9, unique=True), st.lists(whole, min_size=3, max_size=9, unique=True))
def test_an_interval_leaves_out_zero_just_where_the_test_does(one: list[float], other: list[float]) -> None:
    apart = [value + 0.5 for value in other]  # no ties, for which both are exact
    interval = shift_interval(one, apart)
    assert (rank_sum_p(one, apart) <= 0.05) == (interval is not None and not interval[0] <= 0 <= interval[1])


@settings(max_examples=60)
@given(st.lists(whole, min_size=1, max_size=24), whole)
def test_differences_turn_and_shift_as_they_should(differences: list[float], by: float) -> None:
    turned, moved = [-one for one in differences], [one + by for one in differences]
    assert signed_rank_p(turned) == pytest.approx(signed_rank_p(differences))
    assert centre(turned) == pytest.approx(-centre(differences))
    assert centre(moved) == pytest.approx(centre(differences) + by)
    found, there = centre_interval(differences), centre_interval(moved)
    if found and there:
        assert there == pytest.approx((found[0] + by, found[1] + by))


def test_more_values_than_pairs_are_formed_of_give_nearly_the_same() -> None:
    one, other = [float(value) for value in range(500)], [value + 40.0 for value in range(500)]
    assert shift(one, other) == pytest.approx(-40, abs=2)
    low, high = shift_interval(one, other) or (0, 0)
    assert (low, high) == pytest.approx((-40 - 19.3, -40 + 19.3), abs=3)  # 1.96 standard errors of ranks, either way


# --- by time ---
@pytest.mark.parametrize(
    ("off", "degrees", "p"), [(2.1, 4.7, 0.0933068269), (12, 3, 0.0012450158), (0.1, 300, 0.9204111176), (0, 5, 1)]
)
def test_student_is_that_of_the_reference(off: float, degrees: float, p: float) -> None:
    assert student_p(off, 1, degrees) == pytest.approx(p)
    assert student_p(-off, 1, degrees) == pytest.approx(p)


def test_values_that_follow_one_another_are_worth_less() -> None:
    alternating, slow = [1.0, -1.0] * 20, [float(number // 10) for number in range(40)]
    assert worth(alternating) == 40
    assert worth(slow) < 4
    assert autocorrelation(slow) > 0.8
    assert one_series_p(1.5, slow) == 1  # whatever the mean: it is worth too little
    assert one_series_p(1.5, alternating) < 1e-9
    assert two_series_p(1.5, alternating, slow) == 1
    assert worth([3.0] * 20) == 20


# --- open durations ---
def test_without_open_ones_it_is_the_median() -> None:
    assert median_lasting([(3, True), (1, True), (2, True)]) == 2
    assert median_lasting([(4, True), (1, True), (2, True), (3, True)]) == 2.5
    assert median_lasting([(4, False), (1, True), (2, False), (3, False)]) is None
    assert median_lasting([]) is None


def test_an_open_duration_counts_as_long_as_it_is_known() -> None:
    lasting = [(6, True), (6, True), (6, True), (7, True), (10, True), (13, True), (16, True), (22, True), (23, True),
               (6, False), (9, False), (10, False), (11, False), (17, False), (19, False), (20, False), (25, False),
               (32, False), (32, False), (34, False), (35, False)]  # fmt: skip
    assert median_lasting(lasting) == 23  # Freireich et al. 1963, 6-mercaptopurine: the textbook's figures
    assert median_lasting_interval(lasting) == (13, None)


@given(st.lists(st.tuples(st.integers(0, 50).map(float), st.booleans()), min_size=1, max_size=30))
def test_scores_of_open_durations_balance(lasting: list[tuple[float, bool]]) -> None:
    assert sum(scores(lasting)) == 0
    assert len(scores(lasting)) == len(lasting)


# --- many questions, and how many more ---
def test_many_questions_raise_each_p() -> None:
    assert adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])  # Holm 1979
    assert adjusted([0.5, 0.9]) == [1, 1]
    assert adjusted([]) == []


def test_a_small_difference_takes_more_to_show_than_a_large_one() -> None:
    one = [float(value) for value in range(10)]
    near, far = ([value + off for value in one] for off in (2.5, 9))
    few, many = environments_for(one, far), environments_for(one, near)
    assert few is not None
    assert many is not None
    assert few < many < 100
    assert environments_for(one, [value + 0.01 for value in one]) == float("inf")
    assert environments_for([1, 2], one) is None
    assert (pairs_for([1, 2, 3, 4]) or 0) < (pairs_for([-2, -1, 1, 2, 3]) or 0)
    doubled = pairs_for([-1, 1, 2, 3], each=0.5)
    assert doubled is not None
    assert isclose(doubled, 2 * (pairs_for([-1, 1, 2, 3]) or 0))
