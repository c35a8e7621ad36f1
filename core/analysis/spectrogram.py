"""Levels over time and pitch: a spectrogram with rows at equal steps of the scale, from A0 (27.5 Hz) to 10 kHz.

*Rows*: three a semitone, the middle one of each key's three exactly at its pitch. A lane of the window is about 300
pixels high, as many as there are rows; with one a semitone, what is out of tune, and stiff strings' high partials,
would jump from key to key.

*Windows*: one length can't do it. Hann's main lobe is 2 / T wide at half its height, for a window of T seconds. It
parts neighbouring keys where a semitone is wider than that: with 372 ms above F#2, with 93 ms above F#4, with 23 ms
above F#6. So there are these three, each a quarter of the one before, and every row has the shortest that still parts
keys there (below F#2 none does; the longest stays, as notes in the bass are no longer for that). In the octave around
F#4, and around F#6, the two pictures are crossfaded in dB. All three are 512 samples: of the audio at 22.05 kHz, at a
quarter and at a sixteenth of that.

    window    rows           sure of time within   bins of its FFT
    372 ms    A0 to C5       186 ms                0.7 Hz
    93 ms     C4 to C7       47 ms                 2.7 Hz
    23 ms     C6 and above   12 ms                 10.8 Hz

*Levels*: in dB; a sine of amplitude 1 is at 0. A row has the largest bin between its edges, theirs included: where a
row is wider than the main lobe a sine would otherwise fall between two rows. The FFTs are padded with silence to four
times their length, so that the nearest bin is less than 0.1 dB below a sine's peak.

*Columns*: 23 ms, at fixed multiples of that. The shortest window is taken four times in each, and the largest counts,
so that a click is as loud wherever it falls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from core.audio.signal import FloatArray, check_finite, resample

Levels = npt.NDArray[np.uint8]
"""(columns, rows), the lowest row first: decibel(level) says what each is in dB; 0 is silence."""

COLUMN_SECONDS = 512 / 22_050
"""Column c shows what is heard from c to c + 1 times this."""

LOWEST_NOTE, HIGHEST_HZ = 21.0, 10_000.0
"""The middle of the first row as a MIDI note number (A0), and what no row's middle is above."""

ROWS_A_SEMITONE = 3

FLOOR_DB, STEP_DB = -110.0, 0.5

_RATE, _LENGTH, _PADDED = 22_050, 512, 2048
_PASSED = 0.4536  # of a rate: its audio below that is resampled whole; 10 kHz at 22.05 kHz
_MARGIN = 16  # columns read on both sides: half of the longest window, and room for the low-passes to settle
_AT_ONCE = 128  # columns: their transforms fit the second-level cache


@dataclass(frozen=True)
class Register:
    """What one window shows.

    lowest, highest: MIDI note numbers; from the neighbouring register it is crossfaded over the octave they share.
    part: its audio has this part of 22.05 kHz.
    times: how often it is taken in a column.
    """

    lowest: float
    highest: float
    part: int
    times: int


_SHARED = 12.0  # semitones
_BASS = Register(-np.inf, 72.0, 16, 1)
_MIDDLE = Register(60.0, 96.0, 4, 1)
_TREBLE = Register(84.0, np.inf, 1, 4)

REGISTERS = (_BASS, _MIDDLE, _TREBLE)
"""From the bottom up."""


def row_notes(sample_rate: float) -> npt.NDArray[np.float64]:
    """The middle of each row as a MIDI note number: up to 10 kHz, and to what is resampled whole, 0.45 of the rate."""
    top = _note(min(HIGHEST_HZ, _PASSED * sample_rate))
    return LOWEST_NOTE + np.arange(int((top - LOWEST_NOTE) * ROWS_A_SEMITONE + 1e-9) + 1) / ROWS_A_SEMITONE


def decibel(level: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """dB of a level; of 0, which is silence, the floor."""
    return FLOOR_DB + STEP_DB * np.asarray(level, np.float64)


def columns_of(begin: int, end: int, sample_rate: float) -> tuple[int, int]:
    """The first column that shows any of frames begin..end, and the one after the last."""
    hop = COLUMN_SECONDS * sample_rate
    return int(np.floor(begin / hop)), int(np.ceil(end / hop))


def reach(first: int, last: int, sample_rate: float) -> tuple[int, int]:
    """The frames that columns first..last depend on: from the first to the one after the last."""
    hop = COLUMN_SECONDS * sample_rate
    return round((first - _MARGIN) * hop), round((last + _MARGIN) * hop)


def levels(
    read: Callable[[int, int], FloatArray], begin: int, end: int, sample_rate: int, first: int, last: int
) -> Levels:
    """Columns first..last of a recording. They are the same in whatever stretches one asks for them.

    Args:
        read: gives samples (channels, frames) of a range of frames within begin..end, like ``Source.read``.
        begin, end: the recording's frames; around them is silence. begin may be below 0.
        sample_rate: in Hz.
        first, last: columns, the last one not included; first may be below 0.

    Returns:
        (last - first, rows), with the rows of :func:`row_notes`.

    Raises:
        AudioError: there are samples that are not numbers, or `read` can't read.
    """
    start, stop = reach(first, last, sample_rate)
    inside = read(min(max(start, begin), end), max(min(stop, end), begin))
    check_finite(inside, "The recording", sample_rate)
    mono = inside.mean(axis=0, dtype=np.float32)
    mono = np.pad(mono, (min(max(0, begin - start), stop - start), 0))[: stop - start]
    mono = np.pad(mono, (0, stop - start - mono.size))
    return quantised(decibels(mono, sample_rate, last - first))


def quantised(decibels: npt.NDArray[np.floating]) -> Levels:
    """dB as levels, to the nearest."""
    return np.rint(np.clip((decibels - FLOOR_DB) / STEP_DB, 0, 255)).astype(np.uint8)


def decibels(mono: FloatArray, sample_rate: float, count: int) -> FloatArray:
    """dB of `count` columns, (count, rows). `mono` (frames,) is those and a margin of 16 columns before and behind."""
    notes = row_notes(sample_rate)
    wanted = (count + 2 * _MARGIN) * _LENGTH
    audio = resample(mono[None], sample_rate, _RATE)[0][:wanted]
    audio = np.pad(audio, (0, wanted - audio.size))
    found = np.zeros((count, notes.size), np.float32)
    part = 1
    for register in reversed(REGISTERS):
        audio, part = resample(audio[None], register.part // part, 1)[0], register.part
        rows = np.flatnonzero((notes > register.lowest) & (notes < register.highest))
        if rows.size:
            here = slice(rows[0], rows[-1] + 1)
            found[:, here] += _share(register, notes[here]) * _register(register, audio, notes[here], count)
    return found


def _register(register: Register, audio: FloatArray, notes: npt.NDArray[np.float64], count: int) -> FloatArray:
    """dB (count, rows) of the rows at `notes`; `audio` at the register's rate, with margins."""
    hop = _LENGTH // register.part // register.times
    first = _MARGIN * _LENGTH // register.part + hop // 2 - _LENGTH // 2
    frames = sliding_window_view(audio, _LENGTH)[first::hop][: count * register.times]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_LENGTH) / _LENGTH)).astype(np.float32)
    window *= 2 / window.sum()
    spacing = _RATE / register.part / _PADDED
    half = 0.5 / ROWS_A_SEMITONE
    low = np.floor(_hertz(notes - half) / spacing).astype(np.intp)
    high = np.minimum(np.ceil(_hertz(notes + half) / spacing).astype(np.intp), _PADDED // 2)
    edges = np.stack([low, high + 1], axis=1).ravel() - low[0]
    power = np.empty((count, notes.size), np.float32)
    for begin in range(0, count, _AT_ONCE):
        end = min(begin + _AT_ONCE, count)
        windowed = frames[begin * register.times : end * register.times] * window
        spectrum = fft.rfft(windowed, _PADDED, axis=1)[:, low[0] : high[-1] + 1]
        bins = np.square(spectrum.real) + np.square(spectrum.imag)
        bins = bins.reshape(end - begin, register.times, -1).max(axis=1)
        power[begin:end] = np.maximum.reduceat(np.pad(bins, ((0, 0), (0, 1))), edges, axis=1)[:, ::2]
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))), np.float32)


def _share(register: Register, notes: npt.NDArray[np.float64]) -> FloatArray:
    """How much of each row's dB comes from `register`, 0..1."""
    from_below = (notes - register.lowest) / _SHARED
    from_above = (register.highest - notes) / _SHARED
    return np.clip(np.minimum(from_below, from_above), 0.0, 1.0).astype(np.float32)


def _hertz(notes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(440.0 * 2.0 ** ((notes - 69.0) / 12.0))


def _note(hertz: float) -> float:
    return float(69.0 + 12.0 * np.log2(hertz / 440.0))
