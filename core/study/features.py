"""What the figures of the evaluation are computed from: mel bands, third octaves, chroma, onsets, pitch.

A :class:`Sound` is a stretch of one channel at :data:`RATE` whose features are computed when first asked for and then
kept: a clip's known part and true continuation serve every row of a table.
"""

from __future__ import annotations

from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from core.analysis.pitch import PitchTrack, yin
from core.analysis.spectrum import stft_magnitude
from core.analysis.tracking import TRACK_RATE
from core.audio.signal import FloatArray

Array = npt.NDArray[np.float64]

RATE = TRACK_RATE
"""Hz at which everything is compared, so that figures of clips at different rates mean the same."""

MEL_BANDS = 40
MEL_LOW, MEL_HIGH = 40.0, 10_000.0
"""Range of the mel bands in Hz. Networks at 22.05 kHz end at 11 kHz, and their last kilohertz is a filter's slope."""

ONSET_RISE_DB = 1.0
"""How far a frame's mean rise of log-mel has to stand out for an onset. White noise reaches it once in two seconds."""

_MEL_FFT, _MEL_HOP = 2048, 512
_ONSET_FFT, _ONSET_HOP = 1024, 220  # 46 ms every 10 ms
_ONSET_FLOOR_DB = 60.0
_CHROMA_FFT, _CHROMA_HOP = 8192, 2048  # bins of 2.7 Hz, which every semitone from C2 on has one of
_THIRD_OCTAVE_FFT = 4096
_FLOOR_FFT = 4096
_FLOOR_BAND = 200.0, 4000.0
_FLOOR_PERCENT = 20  # of the bins of a frame, which count as lying between partials


class Sound:
    """A stretch of audio, (N,) float32 at :data:`RATE`, and what is known about it.

    Frames are complete ones only; a stretch shorter than a frame is padded with silence to one.
    """

    def __init__(self, samples: FloatArray) -> None:
        self.samples: FloatArray = np.ascontiguousarray(samples, np.float32)
        if self.samples.ndim != 1 or not self.samples.size:
            raise ValueError(f"one channel with samples is expected, not an array of shape {self.samples.shape}")

    def __len__(self) -> int:
        return self.samples.size

    @cached_property
    def power(self) -> float:
        """Mean square."""
        return float(np.mean(np.square(self.samples, dtype=np.float64)))

    @cached_property
    def pitch(self) -> PitchTrack:
        """YIN's over A1 to C7 (55 to 2093 Hz), a frame of 93 ms every 23 ms.

        Not :func:`core.analysis.tracking.track`, which finds every key: it listens below low-passes, and hears low
        notes through a blur. Here the whole band has to be periodic, so that a blur counts as one.
        """
        return yin(self.samples, RATE)

    @cached_property
    def mel_power(self) -> Array:
        """(frames, MEL_BANDS): power in mel bands, a frame of 93 ms every 23 ms."""
        spectrum = np.square(stft_magnitude(_at_least(self.samples, _MEL_FFT), _MEL_FFT, _MEL_HOP), dtype=np.float64)
        return spectrum @ mel_filterbank(RATE, _MEL_FFT, MEL_BANDS, MEL_LOW, MEL_HIGH).T

    @cached_property
    def third_octaves(self) -> Array:
        """(bands,): mean power in third-octave bands from 50 Hz to 10 kHz."""
        padded = _at_least(self.samples, _THIRD_OCTAVE_FFT)
        magnitude = stft_magnitude(padded, _THIRD_OCTAVE_FFT, _THIRD_OCTAVE_FFT // 4)
        return np.square(magnitude, dtype=np.float64).mean(axis=0) @ third_octave_bands(RATE, _THIRD_OCTAVE_FFT).T

    @cached_property
    def chroma(self) -> Array:
        """(12,): strength of each pitch class, C first, at A4 = 440 Hz; all zero for silence.

        The mean spectrum's largest magnitude within each semitone from C2 to B7, added up over octaves. The largest and
        not the sum: semitones get wider upwards, and noise would seem to favour the classes of their wider half.
        """
        magnitude = stft_magnitude(_at_least(self.samples, _CHROMA_FFT), _CHROMA_FFT, _CHROMA_HOP)
        bins = semitone_edges(RATE, _CHROMA_FFT)
        strongest = np.maximum.reduceat(magnitude.mean(axis=0, dtype=np.float64)[: bins[-1]], bins[:-1])
        return np.asarray(strongest.reshape(-1, 12).sum(axis=0))


def find_onsets(samples: FloatArray) -> Array:
    """Where notes begin, in seconds: peaks of the spectral flux of log-mel above what is usual around them.

    The flux of a frame is the mean over 40 mel bands of how many dB each rose within 20 ms (falls count as 0; what is
    60 dB below the loudest band of all counts as silence). A frame is an onset when its flux is the largest within
    +-30 ms, stands ONSET_RISE_DB above the median of +-150 ms, and the last onset is 50 ms or more away.

    Only complete frames count, as a note that is cut off ends with a click: the first and the last 30 ms have no onset.
    Soft attacks, trills faster than 20 notes a second and notes of a chord spread by less than 50 ms go uncounted.

    Args:
        samples: (N,) at RATE.
    """
    spectrum = stft_magnitude(_at_least(samples, _ONSET_FFT), _ONSET_FFT, _ONSET_HOP)
    power = np.square(spectrum, dtype=np.float64) @ mel_filterbank(RATE, _ONSET_FFT, MEL_BANDS, MEL_LOW, MEL_HIGH).T
    loudest = power.max(initial=0.0)
    if loudest <= 0.0:
        return np.zeros(0)
    decibels = 10.0 * np.log10(np.maximum(power, loudest * 10.0 ** (-_ONSET_FLOOR_DB / 10.0)))
    # From what was there 20 ms ago. The first two frames have nothing before them.
    before = np.concatenate([decibels[:2], decibels[:-2]])
    flux = np.maximum(decibels - before, 0.0).mean(axis=1)

    around = np.lib.stride_tricks.sliding_window_view(np.pad(flux, 15, mode="edge"), 31)
    largest = np.lib.stride_tricks.sliding_window_view(np.pad(flux, 3), 7).max(axis=1)
    candidates = np.flatnonzero((flux >= largest) & (flux >= np.median(around, axis=1) + ONSET_RISE_DB))
    times: list[float] = []
    for frame in candidates:
        time = (frame * _ONSET_HOP + _ONSET_FFT // 2) / RATE
        if not times or time - times[-1] >= 0.05:
            times.append(time)
    return np.asarray(times, np.float64)


def floor_level(samples: FloatArray, sample_rate: float) -> float:
    """dB between the partials from 200 Hz to 4 kHz: what a fifth of the bins of a frame stay below, mean over frames;
    -140 for silence.

    Args:
        samples: (N,) at `sample_rate`.
    """
    magnitude = stft_magnitude(_at_least(samples, _FLOOR_FFT), _FLOOR_FFT)
    hertz = np.linspace(0, sample_rate / 2, magnitude.shape[1])
    inside = (hertz >= _FLOOR_BAND[0]) & (hertz < _FLOOR_BAND[1])
    return float(np.percentile(20 * np.log10(magnitude[:, inside] + 1e-7), _FLOOR_PERCENT, axis=1).mean())


@cache
def mel_filterbank(sample_rate: int, n_fft: int, bands: int, low: float, high: float) -> Array:
    """(bands, n_fft // 2 + 1): triangles evenly spaced on Slaney's mel scale, each of area 1 in Hz.

    The scale and the area are those of Slaney's Auditory Toolbox, which librosa.filters.mel also follows.
    """
    edges = _mel_to_hertz(np.linspace(_hertz_to_mel(low), _hertz_to_mel(high), bands + 2))
    bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bank = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(bank * (2.0 / (edges[2:] - edges[:-2]))[:, None])


def _hertz_to_mel(hertz: float) -> float:
    """Linear to 1 kHz (mel 15), from there 27 steps to every factor of 6.4."""
    return hertz * 0.015 if hertz < 1000.0 else 15.0 + 27.0 * float(np.log(hertz / 1000.0) / np.log(6.4))


def _mel_to_hertz(mel: Array) -> Array:
    return np.where(mel < 15.0, mel / 0.015, 1000.0 * 6.4 ** ((mel - 15.0) / 27.0))


@cache
def third_octave_bands(sample_rate: int, n_fft: int) -> Array:
    """(bands, n_fft // 2 + 1) of 0 and 1: bins in the bands centred on 1000 Hz * 2^(k/3), from 50 Hz to 10 kHz."""
    bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    centres = 1000.0 * 2.0 ** (np.arange(-13, 11) / 3.0)
    low, high = centres * 2.0 ** (-1 / 6), centres * 2.0 ** (1 / 6)
    return ((bins >= low[:, None]) & (bins < high[:, None])).astype(np.float64)


@cache
def semitone_edges(sample_rate: int, n_fft: int) -> npt.NDArray[np.intp]:
    """(73,): the first bin of each semitone from C2 on, and of the one after B7."""
    lowest = np.arange(36, 109) - 0.5  # MIDI numbers: a semitone begins half way up from the one below
    hertz = 440.0 * 2.0 ** ((lowest - 69.0) / 12.0)
    return np.ceil(hertz * n_fft / sample_rate).astype(np.intp)


def _at_least(samples: FloatArray, frames: int) -> FloatArray:
    return samples if samples.size >= frames else np.pad(samples, (0, frames - samples.size))
