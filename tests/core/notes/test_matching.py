"""The sketch is matched to a recording: known tunings, levels and colours come back."""

from dataclasses import replace

import numpy as np
import pytest

from core.audio.signal import active_rms
from core.notes.decay import Course
from core.notes.matching import HIGHEST_GAIN, LOWEST_GAIN, long_term, match, tuning
from core.notes.note import Note
from core.notes.sketch import AVERAGE, Timbre, sketch
from core.notes.third_octaves import centres

RATE = 22_050
OWN = [Note(k / 4, k / 4 + 0.5, key, 80) for k, key in enumerate([48, 60, 64, 67, 52, 72, 76, 55, 79, 43, 84, 62])]
OTHER = [Note(k / 4, k / 4 + 0.6, key, 80) for k, key in enumerate([50, 65, 69, 57, 74, 62, 77, 45, 81, 53, 69, 60])]
FRAMES = 3 * RATE
COLOUR = Timbre(0.0, (100.0, 1000.0, 8000.0), (0.0, -6.0, -24.0))


def decibels(x: float) -> float:
    return 20 * float(np.log10(x))


def third_octave_error(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """dB by band, where there is anything to speak of in both."""
    a, b = long_term(first, RATE), long_term(second, RATE)
    there = (a > 1e-4 * a.max()) & (b > 1e-4 * b.max())
    return np.asarray(10 * np.log10(a[there] / b[there]))


@pytest.mark.parametrize("cents", [-45.0, -20.0, 0.0, 7.0, 40.0])
@pytest.mark.parametrize(("notes", "within"), [(OWN, 1.0), (OTHER, 4.0)])
def test_a_tuning_comes_back(cents: float, notes: list[Note], within: float) -> None:
    """Breaks when the tuning is off, whether the recording's own notes are known or only those to come."""
    recording = sketch(OWN, FRAMES, RATE, Timbre(cents))
    assert tuning(recording, sketch(notes, FRAMES, RATE), RATE) == pytest.approx(cents, abs=within)


def test_noise_is_in_tune() -> None:
    """Breaks when peaks of noise are taken for a tuning."""
    noise = np.random.default_rng(0).normal(0, 0.1, FRAMES).astype(np.float32)
    assert tuning(noise, sketch(OWN, FRAMES, RATE), RATE) == 0


def test_with_the_recordings_own_notes_level_and_colour_come_back() -> None:
    """Breaks when the level is off, or gains land in the wrong bands, or are amplitudes."""
    recording = 0.3 * sketch(OWN, FRAMES, RATE, COLOUR)
    matched = sketch(OWN, FRAMES, RATE, match(recording, OWN, FRAMES, RATE))
    assert decibels(active_rms(matched, RATE) / active_rms(recording, RATE)) == pytest.approx(0, abs=0.05)
    assert np.abs(third_octave_error(matched, recording)).max() < 3
    assert np.abs(third_octave_error(sketch(OWN, FRAMES, RATE), recording)).max() > 15


def test_with_the_plans_notes_the_plan_gets_the_recordings_level_and_colour() -> None:
    """Breaks when without the recording's own notes nothing is matched."""
    recording = 0.3 * sketch(OWN, FRAMES, RATE, COLOUR)
    matched = sketch(OTHER, FRAMES, RATE, match(recording, OTHER, FRAMES, RATE))
    assert decibels(active_rms(matched, RATE) / active_rms(recording, RATE)) == pytest.approx(0, abs=0.05)
    truth = 0.3 * sketch(OTHER, FRAMES, RATE, COLOUR)
    assert np.abs(third_octave_error(matched, truth)).mean() < 4


def test_bands_that_are_hardly_played_are_not_blown_up() -> None:
    """Breaks when two high notes are given the bass of a whole recording, which their partials don't have, or hiss
    above a recording's last partial makes the treble scream.
    """
    rng = np.random.default_rng(0)
    recording = sketch(OWN, FRAMES, RATE) + rng.normal(0, 0.003, FRAMES).astype(np.float32)
    high = [Note(0.2, 1.0, 96, 60), Note(1.0, 2.0, 98, 60)]
    for notes in (high, OWN, [Note(0.1, 2.0, 30, 40)]):
        timbre = match(recording, notes, FRAMES, RATE)
        gains = np.array(timbre.decibels)
        assert gains.max() - gains.min() <= HIGHEST_GAIN - LOWEST_GAIN + 1e-9
        assert np.abs(np.diff(gains)).max() < 16
        matched = active_rms(sketch(notes, FRAMES, RATE, timbre), RATE)
        assert decibels(matched / active_rms(recording, RATE)) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("damping", [(2.0, 0.5), (0.5, 2.0), (1.0, 4.0), (2.0, 4.0)])
def test_decays_come_back(damping: tuple[float, float]) -> None:
    """Breaks when a piano that rings longer or shorter than the average is played as the average, or the search for it
    stops on its way, or the recording's noise is taken for strings that ring.
    """
    held = [replace(note, offset=note.onset + 1.5, key=note.key + 12) for note in OWN]
    recording = 0.3 * sketch(held, FRAMES, RATE, Timbre(damping=damping))
    recording += np.random.default_rng(0).normal(0, 1e-5, FRAMES).astype(np.float32)
    course = Course(recording, RATE)
    found = match(recording, held, FRAMES, RATE, decays=True)
    average = match(recording, held, FRAMES, RATE)
    sketches = (sketch(held, FRAMES, RATE, timbre) for timbre in (found, average))
    near, far = (np.square(course.differences(sound)).mean() for sound in sketches)
    assert near < 0.5 * far
    assert np.abs(np.log2(np.array(found.damping) / damping)).max() <= 1
    assert average.damping == AVERAGE.damping
    matched = sketch(held, FRAMES, RATE, found)
    assert decibels(active_rms(matched, RATE) / active_rms(recording, RATE)) == pytest.approx(0, abs=0.05)


def test_a_recording_that_is_not_the_notes_has_bounded_decays() -> None:
    """Breaks when the search for decays runs away, or fails, on audio without notes or too short for a frame."""
    noise = np.random.default_rng(0).normal(0, 0.1, FRAMES).astype(np.float32)
    for known in (noise, noise[:700], np.full(FRAMES, 0.1, np.float32)):
        timbre = match(known, OWN, len(known), RATE, decays=True)
        assert np.abs(np.log2(timbre.damping)).max() <= 2
        assert np.isfinite(sketch(OWN, FRAMES, RATE, timbre)).all()


def test_silence_says_nothing() -> None:
    """Breaks when there is a division by nothing."""
    assert match(np.zeros(FRAMES, np.float32), OWN, FRAMES, RATE) == AVERAGE
    assert match(sketch(OWN, FRAMES, RATE), [], FRAMES, RATE) == AVERAGE


@pytest.mark.parametrize("rate", [4000, 16_000, 44_100])
def test_any_rate_and_a_short_recording(rate: int) -> None:
    """Breaks when a network at another rate, or a tenth of a second of recording, can't be matched."""
    recording = 0.5 * sketch(OWN, round(0.1 * rate), rate, Timbre(10.0))
    timbre = match(recording, OTHER, 2 * rate, rate)
    matched = sketch(OTHER, 2 * rate, rate, timbre)
    assert np.isfinite(matched).all()
    assert decibels(active_rms(matched, rate) / active_rms(recording, rate)) == pytest.approx(0, abs=0.05)


def test_third_octaves_hold_the_power_of_tones() -> None:
    """Breaks when power is counted twice, not at all, or in a neighbour."""
    time = np.arange(2 * RATE) / RATE
    for tone in (31.5, 250.0, 1000.0, 7900.0):
        power = long_term(np.sin(2 * np.pi * tone * time).astype(np.float32), RATE)
        assert abs(np.log2(centres(RATE)[np.argmax(power)] / tone)) < 1 / 6
        assert power.max() / power.sum() > 0.9
