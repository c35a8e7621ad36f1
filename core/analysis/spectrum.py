"""Spectra and the figures that judge generated audio: flatness, and how hard the seam bends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.audio.signal import FloatArray

_BLOCK = 512  # frames transformed at once


def stft_magnitude(samples: FloatArray, n_fft: int = 2048, hop: int = 512) -> FloatArray:
    """Magnitude of the short-time Fourier transform with a periodic Hann window, complete frames only.

    Scaled so that a sine of amplitude 1 in the middle of a bin has magnitude 1 there.

    Args:
        samples: (N,).
        n_fft, hop: in samples.

    Returns:
        float32 (frames, n_fft // 2 + 1), with frames = 1 + (N - n_fft) // hop; frame i covers samples i * hop
        to i * hop + n_fft. No frames when N < n_fft.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1:
        raise ValueError(f"one channel is expected, of shape (frames,), not {samples.shape}")
    count = max(0, 1 + (samples.size - n_fft) // hop)
    magnitude = np.empty((count, n_fft // 2 + 1), np.float32)
    if count:
        window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(samples, n_fft)[::hop]
        for begin in range(0, count, _BLOCK):
            block = slice(begin, begin + _BLOCK)
            magnitude[block] = np.abs(np.fft.rfft(frames[block] * window, axis=1))
    magnitude *= 4.0 / n_fft
    return magnitude


def spectral_flatness(samples: FloatArray, n_fft: int = 1024, hop: int = 256) -> npt.NDArray[np.float64]:
    """Geometric over arithmetic mean of the Hann power spectrum, per frame: near 0 for tones, 0.56 for white
    noise.

    (The mean over an exponential distribution of power is exp(-0.577) = 0.561: noise is not flat frame by frame.)

    Args:
        samples: (N,).

    Returns:
        float64 (frames,), NaN for frames of digital silence, which have no spectrum.
    """
    power = np.square(stft_magnitude(samples, n_fft, hop).astype(np.float64))
    mean = power.mean(axis=1)
    silent = mean <= 0.0
    # A bin that is exactly 0 would decide the whole frame; 100 dB below the mean is as good as nothing.
    floor = np.where(silent, 1.0, mean * 1e-10)[:, None]
    geometric = np.exp(np.log(np.maximum(power, floor)).mean(axis=1))
    return np.where(silent, np.nan, geometric / np.where(silent, 1.0, mean))


def largest_second_difference(samples: FloatArray, at: int, radius: int = 3) -> float:
    """Hardest bend near a seam: max |x[i-1] - 2 x[i] + x[i+1]| for i within `radius` of sample `at`.

    Args:
        samples: (N,).
        at: index of the first sample after the seam.

    Raises:
        ValueError: no sample near `at` has two neighbours.
    """
    bends = _second_difference(samples)  # bends[k] belongs to sample k + 1
    near = bends[max(0, at - radius - 1) : max(0, at + radius)]
    if not near.size:
        raise ValueError(f"there is nothing to measure around sample {at} of {len(samples)}")
    return float(near.max())


def second_difference_quantile(samples: FloatArray, q: float = 0.995) -> float:
    """What a bend in this audio normally stays below: the quantile `q` of |x[i-1] - 2 x[i] + x[i+1]|, samples (N,)."""
    bends = _second_difference(samples)
    if not bends.size:
        raise ValueError("a second difference needs at least 3 samples")
    return float(np.quantile(bends, q))


def _second_difference(samples: FloatArray) -> npt.NDArray[np.float64]:
    samples = np.asarray(samples, np.float64)
    if samples.ndim != 1:
        raise ValueError(f"one channel is expected, of shape (frames,), not {samples.shape}")
    return np.abs(np.diff(samples, n=2))
