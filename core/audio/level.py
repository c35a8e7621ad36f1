"""Keeping the level of what is added: no drift over many windows, no clipping."""

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from core.audio.signal import FloatArray, active_rms

_LEFT_ALONE_DB = 1.5
_MOST_DB = 12.0
_RAMP = 0.125
_LOWEST_CONTEXT = 0.25
_LOOK_SECONDS = 0.005
CEILING = 0.98
"""Peak that new audio stays below, as a fraction of full scale."""


def window_gain(context_level: float, reference_level: float, data_rms: float) -> float:
    """What to multiply a window by so that the network hears its context at the level it was trained on.

    context_level, reference_level: active RMS of this window's context and of the recording's own end. A context
    that has died away is not lifted without bound: that would be its noise.
    """
    return data_rms / max(context_level, _LOWEST_CONTEXT * reference_level)


def steadying_gain(
    level: float, reference_level: float, frames: int, before: bool = True, after: bool = False
) -> np.ndarray:
    """(frames,) gain for a window's new audio: 1 at a seam, and an eighth of it away what steadies it.

    before, after: whether there is known audio before and behind it.

    level, reference_level: active RMS of the new audio and of the recording's own end, or of what a plan of notes asks
    for. Networks play too quiet or too loud, and as every window continues the one before, that would add up. Music
    moves too, so a difference of up to 1.5 dB is left alone; what is beyond it is undone, up to 12 dB.
    """
    excess = 20 * np.log10(max(level, 1e-9) / reference_level)
    correction = np.clip(np.clip(excess, -_LEFT_ALONE_DB, _LEFT_ALONE_DB) - excess, -_MOST_DB, _MOST_DB)
    away = np.arange(frames) / (_RAMP * frames)
    progress = np.ones(frames)
    if before:
        progress = np.minimum(progress, away)
    if after:
        progress = np.minimum(progress, away[::-1])
    decibels = correction * 0.5 * (1 - np.cos(np.pi * progress))
    return np.asarray(10 ** (decibels / 20), dtype=np.float32)


def limit_peaks(samples: np.ndarray, sample_rate: int, ceiling: float = CEILING) -> np.ndarray:
    """`samples` (channels, N) with no peak above `ceiling`: all channels turned down together, smoothly, 5 ms ahead.

    Audio that never exceeds the ceiling is returned as it is.
    """
    peaks = np.abs(samples).max(axis=0, initial=0.0)
    if not (peaks > ceiling).any():
        return samples
    look = 2 * max(1, round(_LOOK_SECONDS * sample_rate)) + 1
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    # The lowest gain within reach, averaged over the same reach, is never above the gain needed.
    gain = uniform_filter1d(minimum_filter1d(needed, look, mode="nearest"), look, mode="nearest")
    return (samples * np.minimum(gain, needed)).astype(np.float32)


def at_loudness(signal: FloatArray, sample_rate: int, loudness: float) -> FloatArray:
    """`signal` (N,) with the active RMS `loudness`, less where a sample would pass 1. Noise at x_T may be a hundred
    times louder than the music in it: this keeps it from hurting.
    """
    own, peak = active_rms(signal, sample_rate), float(np.abs(signal).max(initial=0.0))
    if own == 0.0:
        return signal
    return signal * np.float32(min(loudness / own, 1.0 / peak))
