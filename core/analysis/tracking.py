"""The pitch of a recording over the whole piano, A0 (27.5 Hz) to C8 (4186 Hz): YIN in four registers.

One YIN can't do it. A0 needs frames of 190 ms, in which a run in the treble is a blur. C8's period is 5 samples at
22.05 kHz, too few for a parabola through three of them. And strings are stiff: partial n lies at n f0 sqrt(1 + B n^2),
and is off by pi B n^3 radians after a period of f0, so that a bass note, whose strongest partials may be its fifth to
twentieth, has no period that YIN would call one. So the search is multi-rate: four registers, each with its own
low-pass (it leaves the partials that still agree about the period), its own rate (the shortest of its periods has 9
samples or more) and its own frame length (5 to 16 of its longest periods: as short as the notes are). A frame of every
register is centred on each point of one common grid, 23 ms apart.

    register   answers for    low-pass   rate        frame    threshold (YIN's step 4)
    treble     F6 and above   7.9 kHz    44.1 kHz    12 ms    0.3, after a first difference
    middle     C3 to C7       5.0 kHz    22.05 kHz   46 ms    0.1
    low        G#1 to G3      503 Hz     3.4 kHz     93 ms    0.1
    bass       A0 to A#1      210 Hz     1.7 kHz     186 ms   0.1

The hammer's knock may be louder than a string of the last octave. It is lower: a first difference (6 dB an octave)
takes it down. With what remains of it a multiple of the period fits better than the period itself, so the threshold is
higher there: the first fair trough counts, not the first good one. Little but fundamentals and second partials is left
in that register, so a fair trough is hardly ever a false one.

Frame by frame **the highest register that is sure** is believed: whose aperiodicity is below :data:`VOICED`, or below
the threshold in the treble. This is YIN's own rule, the first trough and not the lowest one, over all registers: what
fits a period fits all its multiples, and those are what the lower registers find. Where none is sure, the least
aperiodicity counts. For the same reason a register also looks above what it answers for, and is silent if it finds
something there: it would otherwise take the first multiple that it does answer for. And below G3 a period counts only
if its partials are all there: :mod:`core.analysis.partials` refuses what is only the common period of a chord.

Known limits. Several notes at once have no one pitch; a frame with a chord has none, or its loudest note's, or, in the
middle register, its common period's. Notes shorter than a register's frames are seen in part. Stiff strings are read a
few cents sharp of their first partial: B = 1e-3 makes 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import butter, sosfilt

from core.analysis.partials import power_spectra, skips_partials
from core.analysis.pitch import VOICED, PitchTrack, yin
from core.audio.signal import FloatArray, resample

TRACK_RATE = 22_050
"""Hz of the grid on which frames lie."""

TRACK_HOP = 512
"""Samples at TRACK_RATE between two frames: 23 ms."""

_MARGIN = 20  # hops read on both sides of a block: half the longest frame, and room for the low-passes to settle
_SPECTRA_RATE, _SPECTRA_LENGTH = TRACK_RATE * 5 / 32, 640  # 8 partials of 200 Hz; 186 ms, which part those of 27.5 Hz


@dataclass(frozen=True)
class Register:
    """A part of the keyboard, and how YIN looks for pitch there.

    Attributes:
        lowest, highest: in Hz, what it answers for.
        search: fmin and fmax of YIN in Hz; wider, so that no edge of the search is taken for a pitch.
        low_pass: sample rate in Hz, just over twice the highest frequency that is kept.
        rate: sample rate of the search in Hz; TRACK_HOP / TRACK_RATE is a whole number of its samples.
        frame_length: in samples at `rate`.
        sharpened: whether the audio's first difference is searched.
        threshold: of YIN's step 4.
        sure: aperiodicity below which it is believed.
        strings_only: whether a period that skips partials is refused as a chord's.
    """

    lowest: float
    highest: float
    search: tuple[float, float]
    low_pass: float
    rate: float
    frame_length: int
    sharpened: bool = False
    threshold: float = 0.1
    sure: float = VOICED
    strings_only: bool = False


_TREBLE = Register(
    1420.0, 4600.0, (1400.0, 4700.0), TRACK_RATE * 25 / 32, 44_100, 512, sharpened=True, threshold=0.3, sure=0.3
)
_MIDDLE = Register(132.0, 2150.0, (130.0, 2200.0), 11_025, 22_050, 1024)
_LOW = Register(53.0, 200.0, (52.0, 450.0), 1102.5, TRACK_RATE * 5 / 32, 320, strings_only=True)
_BASS = Register(26.2, 60.0, (26.0, 190.0), 459.375, TRACK_RATE * 5 / 64, 320, strings_only=True)

REGISTERS = (_TREBLE, _MIDDLE, _LOW, _BASS)
"""From the top down; each is low-passed further than the one before."""

# A constant offset, or rumble, would drown every period.
_NO_RUMBLE = butter(4, 21.0, "highpass", fs=_TREBLE.low_pass, output="sos")


def track(
    read: Callable[[int, int], FloatArray], frames: int, sample_rate: int, block_seconds: float = 20.0
) -> Iterator[PitchTrack]:
    """Pitch of a recording of any length, rate and number of channels, block by block.

    Every block is read and mixed to mono with a margin on both sides, so that blocks join without a trace. A frame is
    centred every TRACK_HOP samples at TRACK_RATE, from 0 to the end.

    Args:
        read: gives samples (channels, frames) of a range of frames, like ``Source.read``.
        frames: length of the recording.
        sample_rate: in Hz.

    Yields:
        consecutive pieces of the track, times from the start of the recording; f0 is NaN, and aperiodicity 1, where
        no register has anything to say, as in digital silence.
    """
    hop = sample_rate * TRACK_HOP / TRACK_RATE
    total = 1 + frames * TRACK_RATE // (sample_rate * TRACK_HOP)
    step = max(1, int(block_seconds * TRACK_RATE / TRACK_HOP))
    for begin in range(0, total, step):
        end = min(begin + step, total)
        start, stop = round((begin - _MARGIN) * hop), round((end - 1 + _MARGIN) * hop)
        inside = np.asarray(read(max(start, 0), min(stop, frames)), np.float32).mean(axis=0)
        before = max(0, -start)
        mono = np.pad(inside, (before, stop - start - before - inside.size))
        f0, aperiodicity = _search(mono, sample_rate, end - begin)
        yield PitchTrack(np.arange(begin, end) * TRACK_HOP / TRACK_RATE, f0, aperiodicity)


def whole_track(samples: FloatArray, sample_rate: int) -> PitchTrack:
    """:func:`track` of one channel in memory, (frames,), in one piece."""
    return PitchTrack.join(track(lambda start, stop: samples[None, start:stop], samples.size, sample_rate))


def _search(mono: FloatArray, sample_rate: int, count: int) -> tuple[FloatArray, FloatArray]:
    """f0 and aperiodicity of `count` frames, the first of them centred _MARGIN hops behind the first sample."""
    rate = _TREBLE.low_pass
    audio = sosfilt(_NO_RUMBLE, resample(mono[None], sample_rate, rate)).astype(np.float32)
    below, hop = _spanned(resample(audio, rate, _SPECTRA_RATE)[0], _SPECTRA_RATE, _SPECTRA_LENGTH, count)
    spanning = sliding_window_view(below, _SPECTRA_LENGTH)[::hop]
    sounding = np.concatenate([[0], np.cumsum(mono != 0.0)])  # samples before each one that are not digital silence
    best_f0, best = np.full(count, np.nan, np.float32), np.ones(count, np.float32)
    undecided = np.ones(count, np.bool_)
    for register in REGISTERS:
        audio, rate = resample(audio, rate, register.low_pass), register.low_pass
        f0, aperiodicity = _reading(register, resample(audio, rate, register.rate)[0], count)
        heard = undecided & (f0 >= register.lowest) & (f0 <= register.highest)
        heard &= ~_silent(sounding, sample_rate, register.frame_length / register.rate, count)
        if register.strings_only:
            asked = np.flatnonzero(heard)
            heard[asked] = ~skips_partials(*power_spectra(spanning[asked], _SPECTRA_RATE), f0[asked])
        sure = heard & (aperiodicity < register.sure)
        better = sure | (heard & (aperiodicity < best))
        best_f0[better], best[better] = f0[better], aperiodicity[better]
        undecided &= ~sure
    return best_f0, best


def _reading(register: Register, samples: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """YIN's f0 and aperiodicity of `samples` at the register's rate."""
    if register.sharpened:
        samples = np.diff(samples, prepend=samples[:1])
    samples, hop = _spanned(samples, register.rate, register.frame_length, count)
    found = yin(
        samples, register.rate, *register.search, register.frame_length, hop, register.threshold,
        center=False, raw_parabola=True,
    )  # fmt: skip
    return found.f0, found.aperiodicity


def _spanned(samples: FloatArray, rate: float, length: int, count: int) -> tuple[FloatArray, int]:
    """What `count` frames of `length` on the grid span, out of a block at `rate`, and the hop between them."""
    hop = round(TRACK_HOP * rate / TRACK_RATE)
    first = _MARGIN * hop - length // 2
    return samples[first : first + (count - 1) * hop + length], hop


def _silent(sounding: npt.NDArray[np.intp], sample_rate: int, seconds: float, count: int) -> npt.NDArray[np.bool_]:
    """Which frames of that length hold no sample that `sounding` counts. A low-pass rings before and behind a note, and
    YIN, which knows no level, would hear that."""
    centres = (_MARGIN + np.arange(count)) * (sample_rate * TRACK_HOP / TRACK_RATE)
    half = seconds * sample_rate / 2
    first, last = np.floor(centres - half).astype(np.intp), np.ceil(centres + half).astype(np.intp)
    return np.asarray(sounding[first] == sounding[last])
