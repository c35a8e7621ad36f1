"""How a recording ends: with music, in a fade, or in silence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.audio.signal import FloatArray, active_rms, level_block, rms
from core.audio.source import Source
from core.audio.subsonic import subsonic

LONG_SILENCE_SECONDS = 0.5
"""A pause at the end that is worth a word."""
SOFT_END_DB = -20.0
"""An end so much softer than what leads to it that music which went on as loud would startle."""

_SEARCHED_SECONDS = 60.0
"""Looked through at once: silence with hiss is told by the music before it."""
_STRETCH_SECONDS = 5.0
_END_SECONDS = 0.25
_FAR_BELOW = 10 ** (-60 / 20)


@dataclass(frozen=True)
class RecordingEnd:
    """How a recording ends.

    sound_frames   frames up to the end of the last sound; 0 in a recording without any
    silence        seconds behind it
    level_db       of the last quarter of a second with sound, against the five seconds that lead to it
    """

    sound_frames: int
    silence: float
    level_db: float

    @property
    def is_silent(self) -> bool:
        """Whether it ends in silence."""
        return self.silence >= LONG_SILENCE_SECONDS

    @property
    def is_soft(self) -> bool:
        """Whether its sound fades out."""
        return self.level_db <= SOFT_END_DB


def recording_end(source: Source) -> RecordingEnd:
    """How `source` ends. Silence is what its sample type can't hold, or lies 60 dB below the last minute's loudest;
    whatever is `subsonic` counts for nothing. Raises AudioError: it is damaged.
    """
    stretch, searched = (round(seconds * source.sample_rate) for seconds in (_STRETCH_SECONDS, _SEARCHED_SECONDS))
    end = source.frames
    while end > 0:
        begin = max(0, end - searched)
        sound = _last_sound(source.read(begin, end), source)
        if sound:
            frames = begin + sound
            leading = _music(source.read(max(0, frames - stretch), frames), source.sample_rate)
            last = leading[:, -max(1, round(_END_SECONDS * source.sample_rate)) :]
            level = 20 * math.log10(max(rms(last), 1e-12) / max(active_rms(leading, source.sample_rate), 1e-12))
            return RecordingEnd(frames, (source.frames - frames) / source.sample_rate, level)
        end = begin
    return RecordingEnd(0, source.seconds, 0.0)


def _last_sound(samples: FloatArray, source: Source) -> int:
    """Frames of `samples` up to the end of its last block that isn't silent; 0 where all are."""
    music, block = _music(samples, source.sample_rate), level_block(source.sample_rate)
    power = np.square(music, dtype=np.float64).mean(axis=0)
    starts = np.arange(0, len(power), block)
    levels = np.sqrt(np.add.reduceat(power, starts) / np.diff(np.append(starts, len(power))))
    heard = np.flatnonzero(levels > max(source.noise_floor, _FAR_BELOW * levels.max()))
    return min(len(power), int(starts[heard[-1]]) + block) if heard.size else 0


def _music(samples: FloatArray, sample_rate: int) -> FloatArray:
    return samples - subsonic(samples, sample_rate)
