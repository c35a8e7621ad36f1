"""Sounds made up for tests: no recordings are needed."""

from collections.abc import Sequence

import numpy as np

from core.analysis.pitch import note_to_frequency
from core.audio.signal import FloatArray


def piano_tone(
    frequency: float,
    seconds: float,
    sample_rate: int = 22_050,
    level: float = 0.3,
    stiffness: float = 1e-4,
    fundamental: float = 1.0,
) -> FloatArray:
    """A struck string, roughly: slightly stretched partials that decay, the high ones faster. (frames,)

    `stiffness` is B in n f0 sqrt(1 + B n^2); `fundamental` scales the first partial, which is weak in small pianos.
    """
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    tone = np.zeros_like(time)
    for partial in range(1, 12):
        stretched = partial * frequency * np.sqrt(1 + stiffness * partial**2)
        if stretched > 0.45 * sample_rate:
            break
        height = (fundamental if partial == 1 else 1.0) / partial**1.2
        tone += height * np.sin(2 * np.pi * stretched * time + partial) * np.exp(-time * (1 + 0.4 * partial))
    attack = np.minimum(1.0, time / 0.004)
    return (level * attack * tone).astype(np.float32)


def melody(notes: Sequence[str], seconds_each: float = 0.4, sample_rate: int = 22_050) -> FloatArray:
    """One note after the other. (frames,)"""
    return np.concatenate([piano_tone(note_to_frequency(note), seconds_each, sample_rate) for note in notes])


def chord(seconds: float, rate: int, channels: int = 1, level: float = 0.1) -> np.ndarray:
    """(channels, frames) float32: three decaying tones; channels differ in level and phase."""
    t = np.arange(round(seconds * rate)) / rate
    parts = [sum(np.sin(2 * np.pi * f * t + c) * (1 + 0.3 * c) for f in (220.0, 277.2, 329.6)) for c in range(channels)]
    audio = np.array(parts) * np.exp(-0.2 * t)
    return (audio * level / np.sqrt(np.mean(audio**2))).astype(np.float32)
