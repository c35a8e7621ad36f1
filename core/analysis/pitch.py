"""Fundamental frequency by YIN (the paper's Fig. 6).

A. de Cheveigne and H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", J. Acoust.
Soc. Am. 111 (4), 2002. Steps as numbered there, for a frame x of W samples:

1-2. difference function (eq. 6)   d(l) = sum over j < W of (x[j] - x[j + l])^2, with x = 0 behind the frame
3.   cumulative mean normalisation d'(l) = d(l) / mean(d(1) .. d(l)),  d'(0) = 1
4.   absolute threshold            the first trough of d' below the threshold, else the lowest point of d'
5.   parabolic interpolation       through that lag and its neighbours

The silence behind the frame is librosa's reading of eq. 6. It adds the energy of the last l samples to d(l),
so a long lag has to be a little better than a short one: fewer notes are taken for the octave below, at the
price of an aperiodicity that stays above 0 for low notes (by about l / 2W).

Step 6, a second search in the neighbourhood of each frame, is left out. The value of d' at the chosen lag is
the *aperiodicity*: near 0 for a steady tone, near 1 for noise. It tells which frames have a pitch at all.

One call has one frame length and one rate, which is good for about five octaves; a piano has more than seven, and
:mod:`core.analysis.tracking` reads it with several.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from core.audio.signal import FloatArray

VOICED = 0.15
"""Aperiodicity below which a frame counts as having a pitch."""

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_BLOCK = 128  # frames worked on at once: their transforms fit the second-level cache


@dataclass(frozen=True)
class PitchTrack:
    """Pitch over time; three arrays of equal length.

    Attributes:
        times: centre of each frame in seconds, float64.
        f0: fundamental frequency in Hz, float32; NaN where the frame is digital silence.
        aperiodicity: 0 (periodic) to 1 (noise or silence), float32.
    """

    times: npt.NDArray[np.float64]
    f0: FloatArray
    aperiodicity: FloatArray

    def voiced(self, limit: float = VOICED) -> npt.NDArray[np.bool_]:
        """Which frames have a pitch: aperiodicity below `limit`."""
        return np.asarray(self.aperiodicity < limit)

    @staticmethod
    def join(tracks: Iterable[PitchTrack]) -> PitchTrack:
        """One track out of consecutive ones."""
        parts = list(tracks)
        return PitchTrack(
            np.concatenate([np.zeros(0), *(part.times for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.f0 for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.aperiodicity for part in parts)]),
        )


def yin(
    samples: FloatArray,
    sample_rate: float,
    fmin: float = 55.0,
    fmax: float = 2093.0,
    frame_length: int = 2048,
    hop_length: int = 512,
    threshold: float = 0.1,
    center: bool = True,
    raw_parabola: bool = False,
) -> PitchTrack:
    """Pitch of one channel.

    Frames, lags and defaults are those of librosa.yin, so that the two can be laid side by side.

    Args:
        samples: (frames,), finite.
        sample_rate: in Hz.
        fmin, fmax: range of pitch in Hz; a period of fmin has to fit half a frame.
        frame_length, hop_length: in samples.
        threshold: of step 4.
        center: frame i is centred on sample i * hop_length, with silence before and after the samples, which
            gives 1 + frames // hop_length frames; otherwise it starts there, and only complete frames count:
            for calling this on consecutive pieces of a long recording (:func:`core.analysis.tracking.track` does).
        raw_parabola: step 5 through d, as the paper advises, and not through d', as librosa does. The division tilts
            the trough, and a period of l samples comes out up to 1 / 2l samples too short: 9 cents at l = 10.

    Raises:
        ValueError: more than one channel, or a range of pitch that does not fit the frame or the rate.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1:
        raise ValueError(f"one channel is expected, of shape (frames,), not {samples.shape}")
    shortest = math.floor(sample_rate / fmax)
    longest = math.ceil(sample_rate / fmin)
    if not (1 <= shortest < longest <= frame_length // 2 and hop_length >= 1):
        raise ValueError(f"{fmin:g} to {fmax:g} Hz at {sample_rate:g} Hz is out of reach of frames of {frame_length}")
    if center:
        samples = np.pad(samples, frame_length // 2)
    count = max(0, 1 + (samples.size - frame_length) // hop_length)
    f0 = np.empty(count, np.float32)
    aperiodicity = np.empty(count, np.float32)
    if count:
        frames = np.lib.stride_tricks.sliding_window_view(samples, frame_length)[::hop_length]
        for begin in range(0, count, _BLOCK):
            block = slice(begin, min(begin + _BLOCK, count))
            period, aperiodicity[block] = _periods(frames[block], shortest, longest, threshold, raw_parabola)
            f0[block] = sample_rate / period
    first = 0.0 if center else frame_length / 2
    times = (np.arange(count, dtype=np.float64) * hop_length + first) / sample_rate
    return PitchTrack(times, f0, aperiodicity)


def frequency_to_note(frequency: float) -> str:
    """Nearest note's name in scientific pitch notation, sharps only: 440 Hz -> "A4"."""
    if not (math.isfinite(frequency) and frequency > 0):
        raise ValueError(f"{frequency} Hz is not a pitch")
    number = round(69 + 12 * math.log2(frequency / 440.0))
    return f"{_NAMES[number % 12]}{number // 12 - 1}"


def note_to_frequency(note: str) -> float:
    """Frequency in Hz of a note such as A4, C#5 or Bb3, in equal temperament at A4 = 440 Hz."""
    letters = note.strip().rstrip("0123456789-")
    octave = note.strip()[len(letters) :]
    name = letters[:1].upper()
    accidentals = letters[1:]
    if name not in _NAMES or accidentals.strip("#b") or not octave.removeprefix("-").isdigit():
        raise ValueError(f"{note!r} is not a note's name such as A4, C#5 or Bb3")
    number = _NAMES.index(name) + accidentals.count("#") - accidentals.count("b") + 12 * (int(octave) + 1)
    return float(440.0 * 2.0 ** ((number - 69) / 12))


def _periods(
    frames: FloatArray, shortest: int, longest: int, threshold: float, raw_parabola: bool
) -> tuple[npt.NDArray[np.float64], FloatArray]:
    """Period in samples (NaN for silence) and aperiodicity of each row of `frames` (count, frame_length)."""
    difference = _difference(frames, longest + 1)
    lags = np.arange(1, longest + 2, dtype=np.float32)
    running = np.cumsum(difference[:, 1:], axis=1, dtype=np.float32)
    silent = running[:, -1] <= 0.0
    running[silent] = 1.0
    # normalised[:, i] is d' at lag shortest - 1 + i: one neighbour beyond each end of the range of lags
    normalised = np.ones((len(frames), longest + 3 - shortest), np.float32)
    low = max(shortest - 1, 1)
    np.divide(
        difference[:, low:] * lags[low - 1 :],
        np.maximum(running[:, low - 1 :], np.finfo(np.float32).tiny),
        out=normalised[:, low - (shortest - 1) :],
    )
    inner = normalised[:, 1:-1]
    below = inner < threshold
    below &= inner <= normalised[:, 2:]
    below[:, 1:] &= inner[:, 1:] < inner[:, :-1]
    chosen = np.where(below.any(axis=1), below.argmax(axis=1), inner.argmin(axis=1)) + 1
    rows = np.arange(len(frames))
    curve, at = (difference, chosen + shortest - 1) if raw_parabola else (normalised, chosen)
    before, here, after = (curve[rows, at + offset].astype(np.float64) for offset in (-1, 0, 1))
    curvature = before - 2.0 * here + after
    shift = np.where(curvature > 0.0, 0.5 * (before - after) / np.where(curvature > 0.0, curvature, 1.0), 0.0)
    shift[np.abs(shift) > 1.0] = 0.0
    period = shortest - 1 + chosen + shift
    period[silent] = np.nan
    aperiodicity = np.clip(normalised[rows, chosen], 0.0, 1.0)
    aperiodicity[silent] = 1.0
    return period, aperiodicity


def _difference(frames: FloatArray, longest: int) -> FloatArray:
    """d(0) .. d(longest) for each row: 2 r(0) - (energy of the first l samples) - 2 r(l), r by FFT."""
    # scipy's transforms take several rows at once, and float32 takes them a few times faster than numpy's.
    size = fft.next_fast_len(frames.shape[1] + longest, real=True)
    spectrum = fft.rfft(frames, n=size, axis=1)
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    correlation = fft.irfft(power, n=size, axis=1)[:, : longest + 1]
    difference = np.empty((len(frames), longest + 1), np.float32)
    difference[:, 0] = 0.0
    np.multiply(correlation[:, :1] - correlation[:, 1:], 2.0, out=difference[:, 1:])
    difference[:, 1:] -= np.cumsum(np.square(frames[:, :longest]), axis=1, dtype=np.float32)
    return np.maximum(difference, 0.0, out=difference)
