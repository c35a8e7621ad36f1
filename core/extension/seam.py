"""The seam between the recording and what the network adds.

Interpolation guidance regenerates the known part too, and not exactly; putting the original back leaves a step where
the new part begins. What the network missed of the last known samples (original minus its own version) is therefore
carried on past the boundary by linear prediction and faded out, inside the generated audio only.
"""

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter, lfiltic

FADE_SECONDS = 0.02
HISTORY_SECONDS = 0.1
"""How much of what the network made of the known audio, up to the boundary, is looked at."""
_ORDER = 32


def seam_correction(missed: np.ndarray, frames: int, sample_rate: int) -> np.ndarray:
    """What to add to the first `frames` generated samples: (channels, frames).

    missed: (channels, M) original minus the network's version, up to the boundary; its last 0.1 s is used.
    """
    channels = len(missed)
    length = min(frames, round(FADE_SECONDS * sample_rate))
    history = missed[:, -round(HISTORY_SECONDS * sample_rate) :]
    correction = np.zeros((channels, frames), dtype=np.float32)
    fade = np.cos(0.5 * np.pi * (np.arange(length) + 1) / (length + 1)) ** 2
    for channel in range(channels):
        correction[channel, :length] = _predict(history[channel].astype(np.float64), length) * fade
    return correction


def joined(sound: np.ndarray, before: int, after: int, known: np.ndarray, sample_rate: int) -> np.ndarray:
    """`known` (N,) in its first `before` and last `after` samples, and `sound` (N,) in between, without a step at the
    seams.
    """
    end = len(sound) - after
    result = np.concatenate([known[:before], sound[before:end], known[end:]])
    if before:
        missed = (known[:before] - sound[:before])[None]
        result[before:end] += seam_correction(missed, end - before, sample_rate)[0]
    if after:
        missed = (known[end:] - sound[end:])[None, ::-1]
        result[before:end] += seam_correction(missed, end - before, sample_rate)[0, ::-1]
    return result


def _predict(history: np.ndarray, length: int) -> np.ndarray:
    """The next `length` samples by linear prediction (autocorrelation method, whose predictor is always stable)."""
    order = min(_ORDER, len(history) // 3)
    if order < 1 or not np.any(history):
        return np.full(length, history[-1] if len(history) else 0.0)
    windowed = history * np.hanning(len(history) + 2)[1:-1]
    correlation = np.array([windowed[lag:] @ windowed[: len(windowed) - lag] for lag in range(order + 1)])
    correlation[0] *= 1 + 1e-6  # a pure tone is singular otherwise
    coefficients = solve_toeplitz(correlation[:-1], correlation[1:])
    denominator = np.concatenate([[1.0], -coefficients])
    state = lfiltic([1.0], denominator, history[::-1][:order])
    predicted, _ = lfilter([1.0], denominator, np.zeros(length), zi=state)
    return np.asarray(predicted)
