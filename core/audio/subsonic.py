"""What lies below hearing: a constant offset, as cheap converters and old transfers have it, and rumble.

It is part of the recording, and stays there; but it isn't music. As loudness it would make all that is added too loud,
and a network would be shown a wave that no piano makes. So it is taken from what the music is known by, and carried on
below the new audio, where a step from it to nothing would be a thump.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, lfilter, lfiltic, oaconvolve, sosfiltfilt

from core.audio.signal import FloatArray, rms

HIGHEST_HZ = 16.0
"""A0, the lowest key, has 27.5 Hz."""
NOTICED = 0.01
"""Share of the whole power below which it is left where it is: it counts 0.04 dB there, and music keeps every bit."""

_SHORT_SECONDS = 0.5
_FADE_SECONDS = 0.25
_SLOW_RATE = 200.0
"""Hz at which it is looked for: bass notes have room above it, and an hour is short."""
_ORDER = 32
_BEYOND = 100


def subsonic(samples: FloatArray, sample_rate: float) -> FloatArray:
    """(channels, N) -> (channels, N), what of it lies below hearing; zeros where that is too little to be noticed.

    Of less than half a second only the offset is told from music.
    """
    whole = np.asarray(samples, np.float64)
    if not whole.shape[1]:
        return np.zeros_like(samples, np.float32)
    below = np.repeat(whole.mean(axis=1, keepdims=True), whole.shape[1], axis=1)
    if whole.shape[1] >= _SHORT_SECONDS * sample_rate:
        below += [_slow(channel, sample_rate) for channel in whole - below]
    if rms(below) ** 2 <= NOTICED * rms(whole) ** 2:
        below[:] = 0
    return below.astype(np.float32)


def _slow(signal: np.ndarray, sample_rate: float) -> np.ndarray:
    """(N,) -> (N,), what is slower than HIGHEST_HZ in a signal without offset, true to its last sample.

    A filter knows nothing of what comes after the end, and near it would take a bass note that is cut off at its peak
    for an offset, or half of the rumble for none. So both go on by linear prediction before they are filtered.
    """
    step = max(1, round(sample_rate / _SLOW_RATE))
    window = np.hanning(4 * step + 1)
    means = oaconvolve(signal, window / window.sum(), mode="valid")[::step]
    behind = _predicted(means, _BEYOND)
    before = _predicted(means[::-1], _BEYOND)[::-1]
    sections = butter(4, HIGHEST_HZ, fs=sample_rate / step, output="sos")
    slow = sosfiltfilt(sections, np.concatenate([before, means, behind]))
    places = (np.arange(len(slow)) - _BEYOND + 2) * step
    return np.asarray(CubicSpline(places, slow)(np.arange(len(signal))))


def _predicted(signal: np.ndarray, count: int) -> np.ndarray:
    """The next `count` values by linear prediction (Burg's method, whose predictor is always stable)."""
    coefficients, ahead, back = np.ones(1), signal[1:], signal[:-1]
    for _ in range(min(_ORDER, len(signal) // 2)):
        power = ahead @ ahead + back @ back
        if not power > 0:
            break
        reflection = -2 * (ahead @ back) / power
        longer = np.append(coefficients, 0)
        coefficients = longer + reflection * longer[::-1]
        ahead, back = (ahead + reflection * back)[1:], (back + reflection * ahead)[:-1]
    if len(coefficients) == 1:
        return np.zeros(count)
    state = lfiltic([1.0], coefficients, signal[::-1][: len(coefficients) - 1])
    return np.asarray(lfilter([1.0], coefficients, np.zeros(count), zi=state)[0])


def noticed_offset(mean: float, power: float) -> float:
    """The offset of a signal of that mean and mean square, 0.0 where it is too little to be noticed: for recordings too
    long to be filtered for it.
    """
    return mean if mean**2 > NOTICED * power else 0.0


def carried_on(before: FloatArray, after: FloatArray, frames: int, sample_rate: float) -> FloatArray:
    """(channels, frames) to go below new audio between what is `subsonic` before and behind it, (channels, N) each,
    of which one may be empty: the offset stays, or moves from the one to the other, and rumble comes to rest.
    """
    known = [part for part in (before, after) if part.shape[1]]
    if not known:
        return np.zeros((len(before), frames), np.float32)
    first, last = (part.mean(axis=1, keepdims=True, dtype=np.float64) for part in (known[0], known[-1]))
    moving = 0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 1) / (frames + 1))
    result = first + (last - first) * moving
    count = min(frames, round(_FADE_SECONDS * sample_rate))
    resting = 0.5 + 0.5 * np.cos(np.pi * (np.arange(count) + 1) / (count + 1))
    if before.shape[1]:
        result[:, :count] += (before[:, -1:] - first) * resting
    if after.shape[1]:
        result[:, frames - count :] += (after[:, :1] - last) * resting[::-1]
    return np.asarray(result, np.float32)
