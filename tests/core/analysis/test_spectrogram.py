"""The spectrogram against sounds whose levels over time and pitch are known."""

from functools import partial

import numpy as np
import pytest

from core.analysis.spectrogram import COLUMN_SECONDS, FLOOR_DB, columns_of, decibel, levels, reach, row_notes
from core.audio.signal import FloatArray
from core.errors import AudioError

RATES = (8_000, 11_025, 44_100, 192_000)


def cut(samples: FloatArray, begin: int, end: int) -> FloatArray:
    return samples[:, begin:end]


def whole(samples: FloatArray, rate: int) -> np.ndarray:
    """All of a recording (channels, frames) in dB, (columns, rows)."""
    frames = samples.shape[1]
    return decibel(levels(partial(cut, samples), 0, frames, rate, *columns_of(0, frames, rate)))


def sine(note: float, seconds: float, rate: int, amplitude: float = 0.5) -> FloatArray:
    time = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time))[None].astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
def test_a_sine_is_at_its_level_in_its_row(rate: int) -> None:
    """Breaks when rows lie elsewhere than they say, or a sine loses level between two rows, two bins of an FFT or two
    windows: 30 places over the whole scale, most of them off every row's middle.
    """
    notes = row_notes(rate)
    for note in np.linspace(notes[0] - 1 / 6, notes[-1] + 1 / 6, 30):
        found = whole(sine(note, 0.7, rate), rate)[15]
        own = found[np.argmin(np.abs(notes - note))]
        assert own == pytest.approx(20 * np.log10(0.5), abs=0.5), f"note {note}"
        assert own == found.max(), f"note {note}"


def test_neighbouring_keys_are_parted_where_it_is_promised() -> None:
    """Breaks when a window is too short for its rows: from F#2 on, two keys at once have a dip between them."""
    notes = row_notes(44_100)
    for key in range(43, 120, 4):
        found = whole(sine(key, 1.0, 44_100) + sine(key + 1, 1.0, 44_100), 44_100)[20:30].mean(axis=0)
        low, high = (int(np.argmin(np.abs(notes - note))) for note in (key, key + 1))
        assert found[low + 1 : high].min() < min(found[low], found[high]), f"key {key}"


@pytest.mark.parametrize(("note", "sure"), [(40, 0.186), (78, 0.0465), (110, 0.0117)])
def test_a_click_is_as_narrow_as_promised(note: float, sure: float) -> None:
    """Breaks when a window is too long for its rows, or lies beside its column."""
    rate, at = 44_100, 61_111
    samples = np.zeros((1, 3 * rate), np.float32)
    samples[0, at] = 1.0
    row = whole(samples, rate)[:, np.argmin(np.abs(row_notes(rate) - note))]
    seconds = np.arange(row.size + 1) * COLUMN_SECONDS - at / rate
    sounding = row > row.max() - 30
    assert abs(int(row.argmax()) - int(at / rate / COLUMN_SECONDS)) <= 1
    assert (np.minimum(np.abs(seconds[:-1]), np.abs(seconds[1:]))[sounding] <= sure).all()


def test_a_click_is_as_loud_wherever_it_falls() -> None:
    """Breaks when the shortest window has gaps between two columns, in which an onset is lost."""
    rate = 22_050
    peaks = []
    for at in range(10_000, 10_512, 37):
        samples = np.zeros((1, rate), np.float32)
        samples[0, at] = 1.0
        peaks.append(whole(samples, rate)[:, np.argmin(np.abs(row_notes(rate) - 110))].max())
    assert max(peaks) - min(peaks) < 2


@pytest.mark.parametrize("rate", RATES)
def test_silence_is_the_floor(rate: int) -> None:
    """Breaks when log(0) or a low-pass's ringing shows where nothing is."""
    assert (whole(np.zeros((2, rate), np.float32), rate) == FLOOR_DB).all()


def test_stretches_join_without_a_trace() -> None:
    """Breaks when a block knows less of what is around it than its windows and low-passes reach."""
    rate = 48_000
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 4 * rate)).astype(np.float32)
    read, frames = partial(cut, noise), noise.shape[1]
    first, last = columns_of(0, frames, rate)
    at_once = levels(read, 0, frames, rate, first, last)
    pieces = [levels(read, 0, frames, rate, at, min(at + 50, last)) for at in range(first, last, 50)]
    difference = np.abs(np.concatenate(pieces).astype(int) - at_once)
    assert difference.max() <= 1  # a rounding
    assert (difference > 0).mean() < 0.01


def test_what_is_before_the_first_frame_has_its_place() -> None:
    """A prelude lies at negative times: breaks when its columns are counted from somewhere else."""
    rate = 44_100
    click = np.zeros((1, rate), np.float32)
    click[0, 11_025] = 1.0  # at -0.75 s
    first, last = columns_of(-rate, 0, rate)
    found = levels(lambda begin, end: click[:, begin + rate : end + rate], -rate, 0, rate, first, last)
    assert first + int(found[:, -1].argmax()) == int(np.floor(-0.75 / COLUMN_SECONDS))


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_channels_are_mixed(channels: int) -> None:
    """Breaks when only the first is looked at, or they are added up and not averaged."""
    tone = sine(69, 1.0, 44_100)
    samples = np.concatenate([tone, np.zeros((channels - 1, tone.shape[1]), np.float32)])
    assert whole(samples, 44_100)[20].max() == pytest.approx(20 * np.log10(0.5 / channels), abs=0.5)


def test_one_sample_has_a_column() -> None:
    for rate in RATES:
        found = whole(np.ones((1, 1), np.float32), rate)
        assert found.shape == (1, row_notes(rate).size)
        assert found.max() > FLOOR_DB


def test_no_row_is_above_what_there_is() -> None:
    """Breaks when a low rate shows rows that hold nothing but a low-pass, or a high one shows more than 10 kHz."""
    for rate, top in ((8_000, 3_629), (22_050, 10_000), (192_000, 10_000)):
        highest = 440 * 2 ** ((row_notes(rate)[-1] - 69) / 12)
        assert top * 2 ** (-1 / 36) < highest <= top


def test_samples_that_are_not_numbers_are_refused() -> None:
    """Breaks when one of them turns half a second of the picture into nothing, without a word."""
    samples = np.zeros((1, 44_100), np.float32)
    samples[0, 7] = np.nan
    with pytest.raises(AudioError, match="not a number"):
        whole(samples, 44_100)


def test_only_what_is_in_reach_is_read() -> None:
    """Breaks when the visible part of an hour can't be made by itself."""
    asked = []

    def read(begin: int, end: int) -> FloatArray:
        asked.append((begin, end))
        return np.zeros((1, end - begin), np.float32)

    hour = 3600 * 44_100
    assert levels(read, 0, hour, 44_100, 70_000, 70_100).shape == (100, 307)
    assert asked == [reach(70_000, 70_100, 44_100)]
