"""Making a sketch sound like a recording: its tuning, its level, and its colour by third octaves.

What is compared is the recording and the sketch of the recording's own notes: whatever is played then, the difference
is the piano's, the room's and the microphone's, and holds for other notes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from core.audio.signal import FloatArray
from core.notes.note import Note, frequency
from core.notes.sketch import sketch

LOUDER_DB, SOFTER_DB = 15.0, -50.0
"""Limits of what a third octave is changed by, against the others: beyond them the sketch has nothing there that could
be heard, or the recording has noise."""
COUNTS = 1e-2
"""Power of a third octave, against the loudest one, below which a sketch says nothing about it."""
_TAPS = 4095
_FFT = 8192
_TUNING_CENTS = np.arange(-60.0, 60.1, 2.0)


@dataclass(frozen=True)
class Match:
    """How a sketch becomes like a recording.

    cents   how much sharper than A4 = 440 Hz the recording is
    gains   (bands,) amplitude factors of the third octaves around `centres`
    """

    cents: float
    gains: np.ndarray
    sample_rate: int

    def apply(self, sound: FloatArray) -> FloatArray:
        """A sketch (frames,) with the recording's level and colour. Its onsets stay where they are."""
        taps = _filter(self.gains, self.sample_rate)
        return np.asarray(fftconvolve(sound, taps, mode="same")[: len(sound)], np.float32)


def match(audio: FloatArray, notes: Sequence[Note], sample_rate: int, start: float = 0.0) -> Match:
    """How a sketch becomes like `audio` (frames,), mono, whose first sample is at `start`, and in which `notes` sound.

    Where the sketch of these notes has next to no power, a band is made louder at most as its neighbours are. With no
    notes, or in silence, nothing is changed.
    """
    cents = tuning(audio, notes, sample_rate, start)
    outline = sketch(notes, len(audio), sample_rate, start, cents)
    return Match(cents, _gains(third_octaves(audio, sample_rate), third_octaves(outline, sample_rate)), sample_rate)


def tuning(audio: FloatArray, notes: Sequence[Note], sample_rate: int, start: float = 0.0) -> float:
    """Cents by which `audio` is sharper than A4 = 440 Hz: where the partials of its notes meet most power.

    By notes of the middle of the keyboard, which stretch tuning leaves alone; 0 without any.
    """
    window = np.hanning(_FFT)
    power = np.zeros(len(_TUNING_CENTS))
    numbers = np.arange(1, 5)
    for note in notes:
        first = round((note.onset - start) * sample_rate)
        if not 48 <= note.key <= 84 or first < 0 or first + _FFT > len(audio):
            continue
        spectrum = np.abs(np.fft.rfft(window * audio[first : first + _FFT]))
        spectrum /= spectrum.max() + 1e-12
        hz = numbers[:, None] * frequency(note.key) * 2 ** (_TUNING_CENTS / 1200)
        power += np.interp(hz, np.arange(len(spectrum)) * sample_rate / _FFT, spectrum).sum(axis=0)
    if not power.any():
        return 0.0
    best = int(np.argmax(power))
    if 0 < best < len(power) - 1:  # a parabola through the best and its neighbours
        left, middle, right = power[best - 1 : best + 2]
        return float(_TUNING_CENTS[best] + (left - right) / (left - 2 * middle + right))
    return float(_TUNING_CENTS[best])


def centres(sample_rate: int) -> np.ndarray:
    """Hz, in the middle of each third octave from 25 Hz to what the rate allows."""
    hz = 25.0 * 2 ** (np.arange(40) / 3)
    return np.asarray(hz[hz * 2 ** (1 / 6) < sample_rate / 2])


def third_octaves(audio: FloatArray, sample_rate: int) -> np.ndarray:
    """Mean power of audio (frames,) in each third octave of `centres`, float64."""
    if len(audio) < _FFT:
        audio = np.pad(audio, (0, _FFT - len(audio)))
    steps = np.arange(0, len(audio) - _FFT + 1, _FFT // 2)
    window = np.hanning(_FFT)
    power = np.mean([np.square(np.abs(np.fft.rfft(window * audio[i : i + _FFT]))) for i in steps], axis=0)
    hz = np.arange(len(power)) * sample_rate / _FFT
    # Shares of each band that fall into each bin: low bands are narrower than a bin.
    cumulative = np.concatenate([[0.0], np.cumsum(power)])
    edges = np.append(hz - hz[1] / 2, hz[-1] + hz[1] / 2)
    low, high = (np.interp(centres(sample_rate) * 2 ** (side / 6), edges, cumulative) for side in (-1, 1))
    return np.asarray((high - low) / np.square(window).sum() / (_FFT / 2))


def _gains(wanted: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Amplitude factors from one set of third octaves to another."""
    counts = there > COUNTS * there.max(initial=0.0)
    if not counts.any() or not wanted.any():
        return np.ones(len(wanted))
    bands = np.arange(len(wanted))
    db = 10 * np.log10(np.maximum(wanted, 1e-20) / np.maximum(there, 1e-20))
    # What is there below the music, of the room or of noise, is no reason to play louder; where the recording has less
    # than even the faintest partials of the sketch, it is a reason to play softer.
    db = np.where(counts, db, np.minimum(db, np.interp(bands, bands[counts], db[counts])))
    middle = 10 * np.log10(wanted.sum() / there.sum())
    return np.asarray(10 ** (np.clip(db, middle + SOFTER_DB, middle + LOUDER_DB) / 20))


def _filter(gains: np.ndarray, sample_rate: int) -> np.ndarray:
    """A symmetric filter of odd length with these gains, straight lines between the bands."""
    hz = np.arange(_TAPS // 2 + 1) * sample_rate / _TAPS
    response = np.interp(np.log2(np.maximum(hz, 1.0)), np.log2(centres(sample_rate)), np.log(gains))
    taps = np.fft.irfft(np.exp(response), _TAPS)
    return np.asarray(np.roll(taps, _TAPS // 2) * np.hanning(_TAPS + 2)[1:-1])
