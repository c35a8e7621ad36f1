"""Going on after a fade: as softly as the recording ends, in place of as loud as it was.

The network is shown the recording without its fade, turned up to one level, so that it plays on as it would have; what
it makes is then turned down to where the recording ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d

from core.audio.signal import FloatArray, level_block

DEEPEST = 0.01
"""-40 dB: what is softer is turned up no further, as that would be its noise."""

_REACH_BLOCKS = 5
"""Of 50 ms: the level is that of the loudest within a quarter of a second to both sides, so that a rest is no fade."""


class Fade(NamedTuple):
    """A recording's level towards the seam.

    gain   (N,) 1 at its loudest, and never rising towards the seam
    left   where it ends, DEEPEST to 1
    """

    gain: np.ndarray
    left: float


def fade_of(samples: FloatArray, sample_rate: float, *, towards_end: bool = True) -> Fade:
    """How (channels, N) falls towards its last sample, or with `towards_end` False towards its first."""
    frames = samples.shape[1]
    if not frames:
        return Fade(np.ones(0), 1.0)
    sound = samples if towards_end else samples[:, ::-1]
    block = level_block(sample_rate)
    starts = np.arange(0, frames, block)
    power = np.square(sound, dtype=np.float64).mean(axis=0)
    sizes = np.diff(np.append(starts, frames))
    levels = np.sqrt(np.add.reduceat(power, starts) / sizes)
    levels = maximum_filter1d(levels, 2 * _REACH_BLOCKS + 1, mode="nearest")
    falling = np.maximum.accumulate(levels[::-1])[::-1]
    shares = np.clip(falling / max(float(falling[0]), 1e-12), DEEPEST, 1)
    gain = np.exp(np.interp(np.arange(frames), starts + sizes / 2, np.log(shares)))
    return Fade(gain if towards_end else gain[::-1], float(gain[-1]))


def without_fade(samples: FloatArray, sample_rate: float, *, towards_end: bool = True) -> FloatArray:
    """(channels, N) turned up to the level of its loudest, as far as it falls towards its last sample (or first)."""
    return (samples / fade_of(samples, sample_rate, towards_end=towards_end).gain).astype(np.float32)


def level_between(before: Fade, after: Fade, frames: int) -> np.ndarray:
    """(frames,) gain of new audio between two fades, either of them of nothing: from where the one ends to where the
    other begins, evenly in dB.
    """
    ends = [fade.left for fade in (before, after) if len(fade.gain)] or [1.0]
    return np.geomspace(ends[0], ends[-1], frames) if frames else np.ones(0)
