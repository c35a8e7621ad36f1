"""The level of what is added."""


import numpy as np
import pytest

from core.audio.level import limit_peaks, steadying_gain, window_gain


def test_level_helpers() -> None:
    """Gains are bounded: a dying context is not lifted to full level, and steadying begins at the seam with 1."""
    assert window_gain(0.05, 0.05, 0.1) == pytest.approx(2.0)
    assert window_gain(1e-6, 0.05, 0.1) == pytest.approx(8.0)
    assert np.array_equal(steadying_gain(0.09, 0.1, 8000), np.ones(8000))
    for level, decibels in ((0.1 * 10 ** (-4 / 20), 2.5), (0.1 * 10 ** (4 / 20), -2.5), (1e-6, 12.0)):
        gain = steadying_gain(level, 0.1, 8000)
        assert gain[0] == 1 and gain[-1] == pytest.approx(10 ** (decibels / 20))
    loud = np.stack([np.sin(np.arange(8000) / 9), np.zeros(8000)]).astype(np.float32) * 2
    assert np.abs(limit_peaks(loud, 22050)).max() <= 0.98 + 1e-6
    assert limit_peaks(loud * 0.4, 22050) is not None
    assert np.array_equal(limit_peaks(loud * 0.4, 22050), loud * 0.4)
