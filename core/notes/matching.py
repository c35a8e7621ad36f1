"""What makes a sketch sound like a recording: its tuning, its level, its long-term spectrum by third octaves.

The spectrum is matched where the sketch is made, in the gain of every partial (`core.notes.sketch.Timbre`), and by no
filter: nothing rings before a note or after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.analysis.spectrum import stft_magnitude
from core.audio.signal import FloatArray, active_rms
from core.notes.note import A4_HZ, Note
from core.notes.sketch import AVERAGE, HIGHEST, Timbre, sketch

LONGEST_SECONDS = 60.0
"""As much of a plan is looked at: more would tell the same."""
LOWEST_GAIN, HIGHEST_GAIN = -30.0, 20.0
"""dB of a band against the level of the whole."""

_WINDOW_SECONDS = 0.37
_THIRD_OCTAVES = np.arange(-16, 14)  # from 1 kHz: 25 Hz to 20 kHz
_HARDLY_PLAYED = 10**-3.5
"""Power of a band against the loudest one at which it counts half."""
_DOUBT = 0.03
"""Weight of the gain of the whole, beside that of a band which is fully played."""
_TUNED_BY = 150.0, 2500.0
_IN_TUNE_AT_ALL = 0.1


def match(known: FloatArray, notes: Sequence[Note], frames: int, sample_rate: float) -> Timbre:
    """The timbre with which a sketch of `notes` is most like `known`, (N,) audio at `sample_rate`.

    notes: those that are played in `known`, as far as anyone has heard them; else those of the plan, which are then
    taken to be much like them. Their times count from the first of `frames` frames.

    Bands that the notes hardly play say nothing of the recording: there the gain is that of the bands beside them, and
    of the whole where nothing is played beside them either.
    Without a sound in `known` or in the notes it is an average piano.
    """
    frames = min(frames, round(LONGEST_SECONDS * sample_rate))
    plain = sketch(notes, frames, sample_rate)
    level = active_rms(known, sample_rate)
    if not (level and plain.any()):
        return AVERAGE
    cents = tuning(known, plain, sample_rate)
    frequencies, wanted = third_octaves(known, sample_rate)
    played = third_octaves(plain, sample_rate)[1]
    timbre = Timbre(cents, tuple(frequencies.tolist()), tuple(_gains(wanted, played).tolist()))
    missing = 20 * math.log10(level / active_rms(sketch(notes, frames, sample_rate, timbre), sample_rate))
    return replace(timbre, decibels=tuple(decibels + missing for decibels in timbre.decibels))


def tuning(known: FloatArray, plain: FloatArray, sample_rate: float) -> float:
    """Cents by which `known` is tuned above A4 = 440 Hz, -50 to 50.

    Each spectral peak is so many cents from the nearest key; their circular mean is the tuning, and a little more,
    since the partials of stiff strings are sharp. A sketch in tune (`plain`) has the same excess, which is taken off.
    Audio without a tuning, such as noise, counts as in tune. A recording more than a quarter tone away is taken for
    one that is nearer to other keys.
    """
    found = [_deviation(samples, sample_rate) for samples in (known, plain)]
    if min(abs(mean) for mean in found) < _IN_TUNE_AT_ALL:
        return 0.0
    return float(np.angle(found[0] / found[1]) * 100 / (2 * np.pi))


def third_octaves(samples: FloatArray, sample_rate: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Centres in Hz of the third octaves from 25 Hz as far as a sketch reaches, and the mean power in each."""
    power = np.square(_spectra(samples, sample_rate).astype(np.float64)).mean(axis=0)
    frequencies = np.linspace(0, sample_rate / 2, len(power))
    centres = 1000 * 2.0 ** (_THIRD_OCTAVES / 3)
    centres = centres[centres < HIGHEST * sample_rate]
    # Power up to a frequency, with straight lines between bins: low bands are narrower than a few of them.
    total = np.concatenate([[0], np.cumsum(power)])
    edges = np.append(frequencies, frequencies[-1] + frequencies[1]) - frequencies[1] / 2
    below, above = (np.interp(centres * 2.0 ** (side / 6), edges, total) for side in (-1, 1))
    return centres, above - below


def _spectra(samples: FloatArray, sample_rate: float) -> FloatArray:
    """(frames, bins) magnitudes; what is shorter than a window is filled up with silence."""
    size = 2 ** round(math.log2(_WINDOW_SECONDS * sample_rate))
    return stft_magnitude(np.pad(samples, (0, max(0, size - len(samples)))), size, size // 4)


def _deviation(samples: FloatArray, sample_rate: float) -> complex:
    """Mean of exp(2 pi i cents / 100) over the spectral peaks by their magnitude; its size is how much they agree."""
    magnitude = _spectra(samples, sample_rate)
    low, high = (round(edge / (sample_rate / 2) * (magnitude.shape[1] - 1)) for edge in _TUNED_BY)
    inside = slice(max(low, 1), min(high, magnitude.shape[1] - 1))
    middle = magnitude[:, inside]
    left, right = magnitude[:, inside.start - 1 : inside.stop - 1], magnitude[:, inside.start + 1 : inside.stop + 1]
    peaks = (middle > left) & (middle >= right) & (middle > 1e-2 * magnitude.max())
    if not peaks.any():
        return 0j
    # A parabola through the logarithms of three bins has its top where the frequency is (Smith and Serra 1987).
    a, b, c = (np.log(np.maximum(part[peaks].astype(np.float64), 1e-12)) for part in (left, middle, right))
    bins = np.nonzero(peaks)[1] + inside.start + 0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-9)
    frequencies = bins * sample_rate / 2 / (magnitude.shape[1] - 1)
    turns = 12 * np.log2(frequencies / A4_HZ)  # one turn a semitone
    weights = middle[peaks].astype(np.float64)
    return complex((weights * np.exp(2j * np.pi * turns)).sum() / weights.sum())


def _gains(wanted: npt.NDArray[np.float64], played: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """dB by band that make `played` powers the `wanted` ones: smoothed over neighbours, bands that are hardly played
    counting for little, and limited.
    """
    overall = 10 * math.log10(wanted.sum() / played.sum())
    floor = 1e-12 * max(wanted.max(), played.max())
    raw = 10 * np.log10((wanted + floor) / (played + floor))
    trust = played / (played + _HARDLY_PLAYED * played.max())
    distance = np.abs(np.subtract.outer(np.arange(len(raw)), np.arange(len(raw))))
    weights = np.exp(-1.2 * distance) * trust
    smooth = (weights @ raw + _DOUBT * overall) / (weights.sum(axis=1) + _DOUBT)
    return np.asarray(np.clip(smooth, overall + LOWEST_GAIN, overall + HIGHEST_GAIN))
