"""What makes a sketch sound like a recording: its tuning, its level, its long-term spectrum by third octaves, and how
fast its strings fall silent.

All of it is matched where the sketch is made, in every partial's gain and decay (`core.notes.sketch.Timbre`), and by no
filter: nothing rings before a note or after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.analysis.spectrum import stft_magnitude
from core.audio.signal import FloatArray, active_rms
from core.notes.decay import Course, Damping
from core.notes.note import A4_HZ, Note
from core.notes.sketch import AVERAGE, Timbre, sketch
from core.notes.third_octaves import centres, in_third_octaves

LONGEST_SECONDS = 60.0
"""As much of a plan is looked at: more would tell the same."""
LOWEST_GAIN, HIGHEST_GAIN = -30.0, 20.0
"""dB of a band against the level of the whole."""

_WINDOW_SECONDS = 0.37
_HARDLY_PLAYED = 10**-3.5
"""Power of a band against the loudest one at which it counts half."""
_DOUBT = 0.03
"""Weight of the gain of the whole, beside that of a band which is fully played."""
_TUNED_BY = 150.0, 2500.0
_IN_TUNE_AT_ALL = 0.1


def match(
    known: FloatArray, notes: Sequence[Note], frames: int, sample_rate: float, *, decays: bool = False
) -> Timbre:
    """The timbre with which a sketch of `notes` is most like `known`, (N,) audio at `sample_rate`.

    notes: those that are played in `known`, as far as anyone has heard them; else those of the plan, which are then
    taken to be much like them. Their times count from the first of `frames` frames.
    decays: whether decays are matched as well. Frames are then compared one by one, so the notes have to be those
    played in `known`, in their places.

    Bands that the notes hardly play say nothing of the recording: there the gain is that of the bands beside them, and
    of the whole where nothing is played beside them either.
    Without a sound in `known` or in the notes it is an average piano.
    """
    frames = min(frames, round(LONGEST_SECONDS * sample_rate))

    def sound(timbre: Timbre) -> FloatArray:
        return sketch(notes, frames, sample_rate, timbre)

    plain, level, wanted = sound(AVERAGE), active_rms(known, sample_rate), long_term(known, sample_rate)
    if not (level and plain.any() and wanted.any()):
        return AVERAGE
    cents, frequencies = tuning(known, plain, sample_rate), tuple(centres(sample_rate).tolist())

    def bands(damping: Damping) -> Bands:
        return Bands(wanted, long_term(sound(Timbre(cents, damping=damping)), sample_rate))

    def coloured(damping: Damping, quieter: npt.NDArray[np.float64] | None = None) -> Timbre:
        """With these decays, and the gains that belong to them."""
        return Timbre(cents, frequencies, bands(damping).gains(quieter), damping)

    if decays:
        course = Course(known[:frames], sample_rate)
        damping = course.damping(lambda damping: sound(coloured(damping)))
        timbre = coloured(damping, course.differences(sound(coloured(damping))).mean(axis=0))
    else:
        timbre = coloured(AVERAGE.damping)
    missing = 20 * math.log10(level / active_rms(sound(timbre), sample_rate))
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


def long_term(samples: FloatArray, sample_rate: float) -> npt.NDArray[np.float64]:
    """(bands,) mean power in each third octave."""
    return in_third_octaves(np.square(_spectra(samples, sample_rate).astype(np.float64)), sample_rate).mean(axis=0)


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


@dataclass(frozen=True)
class Bands:
    """The power of a recording and of a sketch of its notes in each third octave, (bands,)."""

    wanted: npt.NDArray[np.float64]
    played: npt.NDArray[np.float64]

    def gains(self, quieter: npt.NDArray[np.float64] | None = None) -> tuple[float, ...]:
        """dB by band that make `played` powers the `wanted` ones: smoothed over neighbours, bands that are hardly
        played counting for little, and limited.

        quieter: by how many dB a sketch with these gains is quieter, in the mean over time. Loud frames alone decide a
        mean power, soft ones count in a mean of dB; a sketch can't be right in both, so it is half-way between them.
        """
        overall = 10 * math.log10(self.wanted.sum() / self.played.sum())
        floor = 1e-12 * max(self.wanted.max(), self.played.max())
        raw = 10 * np.log10((self.wanted + floor) / (self.played + floor))
        smooth = self._smooth(raw, overall)
        if quieter is not None:
            smooth = self._smooth((raw + smooth + quieter) / 2, overall)
        return tuple(np.clip(smooth, overall + LOWEST_GAIN, overall + HIGHEST_GAIN).tolist())

    def _smooth(self, raw: npt.NDArray[np.float64], overall: float) -> npt.NDArray[np.float64]:
        trust = self.played / (self.played + _HARDLY_PLAYED * self.played.max())
        distance = np.abs(np.subtract.outer(np.arange(len(raw)), np.arange(len(raw))))
        weights = np.exp(-1.2 * distance) * trust
        return np.asarray((weights @ raw + _DOUBT * overall) / (weights.sum(axis=1) + _DOUBT))
