"""A string has all its partials, a chord's common period has not."""

import numpy as np

from core.analysis.partials import PARTIALS, power_spectra, skips_partials
from core.audio.signal import FloatArray

RATE, LENGTH = 3445.3125, 640


def frame(f0: float, heights: dict[int, float], stiffness: float = 3e-4, noise: float = 0.0) -> FloatArray:
    """(1, LENGTH): partials of the given heights, which fall with the partial's number."""
    time = np.arange(LENGTH) / RATE
    rng = np.random.default_rng(2)
    sound = noise * rng.standard_normal(LENGTH)
    for number, height in heights.items():
        sound += height / number * np.sin(2 * np.pi * number * f0 * np.sqrt(1 + stiffness * number**2) * time + number)
    return sound[None].astype(np.float32)


def skips(f0: float, heights: dict[int, float], stiffness: float = 3e-4, noise: float = 0.0) -> bool:
    power, width = power_spectra(frame(f0, heights, stiffness, noise), RATE)
    return bool(skips_partials(power, width, np.array([f0], np.float32))[0])


def test_a_string_skips_none() -> None:
    for f0 in (27.5, 55.0, 98.0, 180.0):
        for stiffness in (0.0, 1e-4, 1e-3):
            assert not skips(f0, dict.fromkeys(range(1, PARTIALS + 1), 1.0), stiffness)
            assert not skips(f0, dict.fromkeys(range(2, PARTIALS + 1), 1.0), stiffness)  # no fundamental
        assert not skips(f0, {1: 1.0, 2: 0.1, 3: 0.05})  # a dark one
        assert not skips(f0, {1: 1.0})


def test_a_fifth_and_a_third_skip_some() -> None:
    for f0 in (32.7, 49.0, 98.0):
        assert skips(f0, dict.fromkeys((2, 3, 4, 6, 8), 1.0))
        assert skips(f0, dict.fromkeys((4, 5, 6, 8), 1.0))
        assert skips(f0, dict.fromkeys((2, 4, 6, 8), 1.0))  # the note an octave above


def test_noise_is_no_partial() -> None:
    assert skips(49.0, dict.fromkeys((2, 3, 4, 6, 8), 1.0), noise=0.1)
    assert skips(49.0, {}, noise=1.0)
    assert not skips(49.0, dict.fromkeys(range(1, PARTIALS + 1), 1.0), noise=0.02)


def test_partials_beyond_the_spectrum_do_not_count() -> None:
    """The eighth of 240 Hz lies above half the rate."""
    assert not skips(240.0, dict.fromkeys(range(1, 8), 1.0))
