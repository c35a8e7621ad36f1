"""Intervals against resampling written out, and against what they promise."""

import math

import numpy as np
import pytest

from core.study.bootstrap import centred_interval, draws, median_interval, resampled_weights


def test_interval_by_its_definition() -> None:
    """Clips drawn again with replacement, all their cases with them; NaN are left out."""
    values = [1.0, 5.0, 2.0, math.nan, 8.0, 3.0, 4.0]
    clip_of = [0, 0, 1, 1, 2, 3, 4]
    by_clip = [[1.0, 5.0], [2.0], [8.0], [3.0], [4.0]]
    medians = [np.median([v for clip in draw for v in by_clip[clip]]) for draw in draws(5, seed=7)]
    assert median_interval(values, clip_of, seed=7) == tuple(np.quantile(medians, (0.025, 0.975)))


def test_two_like_cuts_promise_no_more_than_one() -> None:
    """The mistake to avoid: counting cuts of one clip as independent."""
    values = list(np.random.default_rng(0).standard_normal(9))
    once = median_interval(values, range(9), seed=1)
    assert median_interval([*values, *values], [*range(9), *range(9)], seed=1) == once


def test_a_clip_without_figures_is_left_out() -> None:
    values = [3.0, 1.0, 2.0, 5.0]
    assert median_interval([*values, math.nan], range(5), seed=1) == median_interval(values, range(4), seed=1)


def test_too_few_clips() -> None:
    assert median_interval([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], seed=0) is None
    assert median_interval([math.nan] * 5, range(5), seed=0) is None


def test_it_holds_the_true_median_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(100):
        interval = median_interval(list(rng.standard_normal(20)), range(20), seed=3)
        assert interval is not None
        hits += interval[0] <= 0.0 <= interval[1]
    assert 88 <= hits <= 100


def test_weights_are_the_draws_counted() -> None:
    weights = resampled_weights(4, seed=5, resamples=50)
    assert weights.shape == (50, 4) and np.all(weights.sum(axis=1) == 4)
    first = draws(4, seed=5, resamples=50)[0]
    np.testing.assert_array_equal(weights[0], [np.count_nonzero(first == clip) for clip in range(4)])


def test_a_centred_interval_keeps_the_spread_and_moves_to_the_estimate() -> None:
    replicates = np.linspace(20.0, 40.0, 401)  # median 30, all above the estimate
    assert centred_interval(15.0, replicates) == pytest.approx((15.0 * 20.5 / 30.0, 15.0 * 39.5 / 30.0))
    assert centred_interval(15.0, np.append(replicates, math.nan)) == centred_interval(15.0, replicates)
    assert centred_interval(math.nan, replicates) is None
    assert centred_interval(0.0, np.zeros(10)) == (0.0, 0.0)
