"""Known answers of the spectral figures and of the seam's."""

import numpy as np
import pytest

from core.analysis.spectrum import (
    largest_second_difference,
    second_difference_quantile,
    spectral_flatness,
    stft_magnitude,
)


def test_a_sine_has_its_amplitude_in_its_bin() -> None:
    """Wrong scaling or a wrong bin would shift every spectrum that is drawn or compared."""
    sine = (0.25 * np.sin(2 * np.pi * 40 * np.arange(8192) / 1024)).astype(np.float32)
    magnitude = stft_magnitude(sine, n_fft=1024, hop=256)
    assert magnitude.shape == (1 + (8192 - 1024) // 256, 513)
    assert np.all(magnitude.argmax(axis=1) == 40)
    np.testing.assert_allclose(magnitude[:, 40], 0.25, rtol=1e-4)
    np.testing.assert_allclose(magnitude[:, 39], 0.125, rtol=1e-4)  # Hann's side bins hold half


def test_only_complete_frames_count() -> None:
    assert stft_magnitude(np.zeros(1023, np.float32), 1024, 256).shape == (0, 513)
    assert stft_magnitude(np.zeros(1024 + 255, np.float32), 1024, 256).shape == (1, 513)


def test_flatness_of_noise_tone_and_silence() -> None:
    """White noise has exp(-Euler's constant) = 0.561 frame by frame, whatever its level; a tone is far below."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(200_000).astype(np.float32)
    assert spectral_flatness(noise).mean() == pytest.approx(0.5615, abs=0.01)
    assert spectral_flatness(1e-4 * noise).mean() == pytest.approx(0.5615, abs=0.01)
    tone = np.sin(2 * np.pi * 0.05 * np.arange(20_000)).astype(np.float32)
    assert spectral_flatness(tone).max() < 1e-5
    assert np.isnan(spectral_flatness(np.zeros(4096, np.float32))).all()


def test_flatness_by_its_definition() -> None:
    rng = np.random.default_rng(2)
    samples = (rng.standard_normal(1024) * np.linspace(0.1, 1, 1024)).astype(np.float32)
    window = np.hanning(1025)[:-1]
    power = np.abs(np.fft.rfft(samples.astype(np.float64) * window)) ** 2
    expected = np.exp(np.log(power).mean()) / power.mean()
    assert spectral_flatness(samples)[0] == pytest.approx(expected, rel=1e-3)


def test_second_difference_finds_a_step_only_within_the_radius() -> None:
    """Off by one here, and a click at the seam would be measured beside the seam."""
    samples = np.zeros(100, np.float32)
    samples[50:] = 0.5  # |x[i-1] - 2 x[i] + x[i+1]| is 0.5 at 49 and at 50
    assert largest_second_difference(samples, at=50) == 0.5
    assert largest_second_difference(samples, at=47) == 0.5
    assert largest_second_difference(samples, at=53) == 0.5
    assert largest_second_difference(samples, at=45) == 0.0
    assert largest_second_difference(samples, at=54) == 0.0
    assert largest_second_difference(samples, at=0) == 0.0


def test_second_difference_quantile_of_a_parabola() -> None:
    assert second_difference_quantile(np.arange(50, dtype=np.float32) ** 2) == pytest.approx(2.0)


def test_too_little_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        largest_second_difference(np.zeros(100, np.float32), at=200)
    with pytest.raises(ValueError, match="3 samples"):
        second_difference_quantile(np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="one channel"):
        stft_magnitude(np.zeros((2, 4096), np.float32))
