"""Ratios of paired measurements."""

import pytest

from tests.benchmarks.choice.pairs import hodges_lehmann, mean_ratio, paired_ratio


def test_the_estimate_is_the_median_of_the_means_of_all_pairs() -> None:
    # Means: 1, 2, 3, 1.5, 2, 2.5.
    assert hodges_lehmann([1.0, 2.0, 3.0]) == 2.0


def test_one_wild_measurement_moves_the_ratio_little() -> None:
    before = [10.0] * 10
    after = [20.0] * 9 + [2_000.0]
    assert paired_ratio(before, after).estimate == pytest.approx(2.0)


def test_a_load_that_strikes_both_of_a_pair_does_not_count() -> None:
    before = [10.0, 40.0, 10.0, 70.0]
    after = [5.0, 20.0, 5.0, 35.0]
    ratio = paired_ratio(before, after)
    assert (ratio.low, ratio.estimate, ratio.high) == pytest.approx((0.5, 0.5, 0.5))


def test_the_interval_holds_the_estimate_and_is_wider_where_pairs_differ() -> None:
    even = paired_ratio([10.0] * 6, [11.0, 11.1, 10.9, 11.0, 11.1, 10.9])
    uneven = paired_ratio([10.0] * 6, [6.0, 20.0, 9.0, 14.0, 8.0, 18.0])
    assert even.low <= even.estimate <= even.high
    assert uneven.high - uneven.low > even.high - even.low


def test_the_mean_of_a_half_and_a_double_is_one() -> None:
    half = paired_ratio([10.0] * 3, [5.0] * 3)
    double = paired_ratio([10.0] * 3, [20.0] * 3)
    assert mean_ratio([half, double]) == pytest.approx(1.0)
