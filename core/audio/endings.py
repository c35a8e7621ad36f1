"""How new audio ends at the end of a file, and how it begins at the start of one.

A network's audio stops in the middle of whatever sounds. In front of a file's end that is a click, and no way for music
to stop. What goes on from it later needs it as it is, so an ending is given to what is exported and to nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from core.audio.signal import FloatArray
from core.errors import SettingsError

CUT, RING, FADE = "cut", "ring", "fade"
KINDS = (RING, FADE, CUT)
DEFAULT_FADE_SECONDS = 2.0
LONGEST_FADE_SECONDS = 60.0

_RING_SECONDS, _RING_SHARE = 1.2, 0.4
"""At most so long, and so much of what is new."""
_DAMPERS = ((250.0, 0.25), (1000.0, 0.16), (math.inf, 0.1))
"""Up to which frequency in Hz strings fall to 1/e within how much of the ring: felt stops the short ones first."""
_LIFTED_SHARE = 0.25
"""Of the ring, at its end: what still sounds is taken to nothing there."""
_ONSET_SECONDS = 0.01


@dataclass(frozen=True)
class Ending:
    """What becomes of the last new samples in a file, and of its first where those are new.

    kind       cut   as they were made, for those who go on from there
               ring  the dampers fall, 1.2 s before a long one ends, and the rest dies away; a beginning rises in 10 ms
               fade  evenly softer, or at a beginning louder, over `seconds`
    seconds    of a fade, above 0, at most LONGEST_FADE_SECONDS

    Raises SettingsError for anything else.
    """

    kind: str
    seconds: float = DEFAULT_FADE_SECONDS

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SettingsError(f"There is no ending '{self.kind}': choose {', '.join(KINDS)}.")
        if not 0 < self.seconds <= LONGEST_FADE_SECONDS:
            raise SettingsError(f"A fade takes more than 0 s, at most {LONGEST_FADE_SECONDS:g}, not {self.seconds:g}.")

    def __str__(self) -> str:
        """As `--ending` takes it and recipes hold it."""
        return f"{FADE}:{self.seconds:g}" if self.kind == FADE else self.kind

    @classmethod
    def parse(cls, text: str) -> Ending:
        """From "ring", "cut", "fade" or "fade:SECONDS". Raises SettingsError."""
        kind, colon, seconds = text.partition(":")
        if not colon:
            return cls(kind)
        try:
            if kind == FADE:
                return cls(kind, float(seconds))
        except ValueError:
            pass
        raise SettingsError(f"'{text}' is no ending: choose {RING}, {CUT}, {FADE} or {FADE}:SECONDS.")

    def end(self, samples: FloatArray, sample_rate: float) -> FloatArray:
        """(channels, N) new audio at the end of a file -> the same, ended. Only the last stretch of it changes."""
        frames = samples.shape[1]
        if self.kind == CUT or not frames:
            return samples
        if self.kind == FADE:
            count = min(frames, max(1, round(self.seconds * sample_rate)))
            return _scaled(samples, frames - count, _falling(count))
        count = max(1, round(min(_RING_SHARE * frames, _RING_SECONDS * sample_rate)))
        place, left = frames - count, np.ones(count)
        lifted = max(1, round(_LIFTED_SHARE * count))
        left[-lifted:] = _falling(lifted)
        age = np.arange(count) / count
        damped = np.zeros((len(samples), count))
        for band, share in _bands(samples, place, sample_rate):
            damped += band * np.exp(-age / share)
        return np.concatenate([samples[:, :place], (damped * left).astype(np.float32)], axis=1)

    def begin(self, samples: FloatArray, sample_rate: float) -> FloatArray:
        """(channels, N) new audio at the start of a file -> the same, begun. Only the first stretch of it changes."""
        if self.kind == CUT or not samples.shape[1]:
            return samples
        seconds = self.seconds if self.kind == FADE else _ONSET_SECONDS
        count = min(samples.shape[1], max(1, round(seconds * sample_rate)))
        return _scaled(samples[:, ::-1], samples.shape[1] - count, _falling(count))[:, ::-1]


AS_MADE = Ending(CUT)


def _falling(count: int) -> np.ndarray:
    """(count,) from just below 1 to 0, without a corner at either end."""
    return np.asarray(np.cos(0.5 * np.pi * (np.arange(count) + 1) / count) ** 2)


def _scaled(samples: FloatArray, place: int, gain: np.ndarray) -> FloatArray:
    """`samples` with `gain` on those from `place` on."""
    return np.concatenate([samples[:, :place], (samples[:, place:] * gain).astype(np.float32)], axis=1)


def _bands(samples: FloatArray, place: int, sample_rate: float) -> Iterator[tuple[np.ndarray, float]]:
    """What lies between the dampers' limits, (channels, N - place) from frame `place` on, with the damper's share of
    the ring. Together they are the samples themselves.
    """
    left = np.asarray(samples, np.float64)
    for limit, share in _DAMPERS:
        low = left
        if limit < sample_rate / 2:
            sections = butter(2, limit, fs=sample_rate, output="sos")
            low = sosfiltfilt(sections, left, padlen=min(round(0.1 * sample_rate), left.shape[1] - 1))
        yield low[:, place:], share
        left = left - low
