"""How fast a recording's strings fall silent.

The losses of a sketch's strings (`core.notes.sketch`) are those of an average piano. One instrument's treble rings
twice as long as another's, and a room makes all of it longer; the same long-term spectrum then comes of soft notes that
stay or of loud ones that go. So the course of the level is compared, third octave by third octave and frame by frame.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.analysis.noise_floor import N_FFT, floor_spectrum
from core.analysis.spectrum import stft_magnitude
from core.audio.signal import FloatArray
from core.notes.third_octaves import in_third_octaves

Damping = tuple[float, float]
"""Factors of b_1 and b_3, the two terms of a sketch's decay."""

_STEP = 0.5
_FURTHEST = 1.5, 2.0
"""Octaves: how finely and how far the two factors are looked for."""
_DOUBT = 0.3
"""dB^2 by which an octave from the average piano has to be better: a few seconds of music say little of some keys."""
_DEPTH_DB = 80.0
"""So far below the loudest band and frame all is alike."""


class Course:
    """The level of a recording, (N,) audio at `sample_rate`, over time and by third octaves: what sketches of the notes
    that are played in it are compared with.
    """

    def __init__(self, known: FloatArray, sample_rate: float) -> None:
        self._rate, self._length = sample_rate, len(known)
        power = self._power(known)
        self._least = max(float(power.max()) * 10 ** (-_DEPTH_DB / 10), np.finfo(float).tiny)
        self._floor = in_third_octaves(floor_spectrum(known).astype(np.float64)[None], sample_rate)
        self._known = self._decibels(power)

    def differences(self, sound: FloatArray) -> npt.NDArray[np.float64]:
        """(frames, bands) dB by which the recording is louder than `sound`, (N,), with the recording's noise in it."""
        return self._known - self._decibels(self._power(sound) + self._floor)

    def damping(self, sound: Callable[[Damping], FloatArray]) -> Damping:
        """The damping for which `sound`, a sketch with the gains that belong to it, differs least from the recording.

        From the average piano's downhill, one factor after the other, as long as it gets better.
        """
        best, least = (0, 0), self._unlikeness(sound, (0, 0))
        moves = [(0, -1), (0, 1), (-1, 0), (1, 0)]
        tried = {best}
        waiting = list(moves)
        while waiting:
            move = waiting.pop(0)
            place = best[0] + move[0], best[1] + move[1]
            if place in tried or any(abs(k) * _STEP > most for k, most in zip(place, _FURTHEST, strict=True)):
                continue
            tried.add(place)
            unlikeness = self._unlikeness(sound, place)
            if unlikeness < least:
                best, least = place, unlikeness
                waiting = [move, *(other for other in moves if other != move)]
        return _factors(best)

    def _unlikeness(self, sound: Callable[[Damping], FloatArray], place: tuple[int, int]) -> float:
        """dB^2."""
        octaves = sum((k * _STEP) ** 2 for k in place)
        return float(np.square(self.differences(sound(_factors(place)))).mean()) + _DOUBT * octaves

    def _power(self, samples: FloatArray) -> npt.NDArray[np.float64]:
        """(frames, bands), a frame every half window."""
        samples = np.pad(samples, (0, max(0, N_FFT - len(samples))))
        return in_third_octaves(np.square(stft_magnitude(samples, N_FFT, N_FFT // 2), dtype=np.float64), self._rate)

    def _decibels(self, power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(10 * np.log10(power + self._least))


def _factors(place: tuple[int, int]) -> Damping:
    return 2.0 ** (place[0] * _STEP), 2.0 ** (place[1] * _STEP)
