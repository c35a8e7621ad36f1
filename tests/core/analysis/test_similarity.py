"""Known answers of the Kolmogorov-Smirnov similarity."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from core.analysis.similarity import ks_similarity


@pytest.mark.parametrize(("n", "m"), [(2, 3), (7, 1000), (1000, 7), (5000, 20000)])
def test_is_one_minus_scipys_statistic(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    generated = rng.standard_normal(n).astype(np.float32)
    known = (0.7 * rng.standard_normal(m) + 0.2).astype(np.float32)
    expected = 1 - ks_2samp(generated, known, method="asymp").statistic
    assert ks_similarity(generated, known) == pytest.approx(expected, abs=1e-12)


def test_ties_are_counted_on_both_sides() -> None:
    """Equal values in both parts must step both distributions at once, or silence would look unlike silence."""
    assert ks_similarity(np.zeros(3), np.zeros(5)) == 1.0
    assert ks_similarity(np.array([0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])) == 1.0
    assert ks_similarity(np.array([0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.75)


def test_nothing_in_common_is_zero_whatever_the_order() -> None:
    low, high = np.linspace(-1, -0.5, 11), np.linspace(0.5, 1, 17)
    assert ks_similarity(low, high) == ks_similarity(high, low) == 0.0


@pytest.mark.parametrize("bad", [np.zeros(0), np.array([0.0, np.nan]), np.array([np.inf, 0.0]), np.array([-np.inf])])
def test_refuses_what_cannot_be_compared(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"at least one sample|not numbers"):
        ks_similarity(bad, np.ones(3))
    with pytest.raises(ValueError, match=r"at least one sample|not numbers"):
        ks_similarity(np.ones(3), bad)
