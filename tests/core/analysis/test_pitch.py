"""YIN against its definition, against librosa, and on tones of known pitch."""

from pathlib import Path

import librosa
import numpy as np
import pytest

from core.analysis.pitch import frequency_to_note, note_to_frequency, yin
from core.audio.opening import open_source
from core.audio.signal import FloatArray, resample
from tests.core.tones import melody, piano_tone

SCALE = ("C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5", "A3", "F3", "D3", "A2", "E5", "A5", "C6")


def cents(found: np.ndarray, expected: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.abs(1200 * np.log2(found / expected)))


def by_definition(frame: np.ndarray, sample_rate: float, fmin: float, fmax: float) -> tuple[float, float]:
    """The paper's steps 1 to 5, written down as slowly as they read."""
    x = np.concatenate([frame.astype(np.float64), np.zeros(len(frame))])
    shortest, longest = int(sample_rate // fmax), int(np.ceil(sample_rate / fmin))
    d = np.array([np.sum((x[: len(frame)] - x[lag : lag + len(frame)]) ** 2) for lag in range(longest + 2)])
    normal = np.ones(longest + 2)
    for lag in range(1, longest + 2):
        normal[lag] = d[lag] / (d[1 : lag + 1].sum() / lag)
    lags = range(shortest, longest + 1)
    troughs = [
        lag
        for lag in lags
        if normal[lag] < 0.1 and (lag == shortest or normal[lag] < normal[lag - 1]) and normal[lag] <= normal[lag + 1]
    ]
    best = troughs[0] if troughs else min(lags, key=lambda lag: normal[lag])
    a, b, c = normal[best - 1], normal[best], normal[best + 1]
    shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c > 0 else 0.0
    return sample_rate / (best + (shift if abs(shift) <= 1 else 0.0)), normal[best]


def test_follows_the_definition() -> None:
    rng = np.random.default_rng(3)
    sound = melody(SCALE, 0.1) + 0.003 * rng.standard_normal(len(melody(SCALE, 0.1))).astype(np.float32)
    found = yin(sound, 22_050, center=False)
    for index in range(0, len(found.f0), 7):
        f0, aperiodicity = by_definition(sound[index * 512 : index * 512 + 2048], 22_050, 55.0, 2093.0)
        assert found.f0[index] == pytest.approx(f0, rel=1e-4)
        assert found.aperiodicity[index] == pytest.approx(min(aperiodicity, 1.0), abs=2e-4)


@pytest.mark.parametrize("note", ["A1", "E2", "A2", "C3", "A3", "C4", "E4", "A4", "C5", "A5", "C6", "G6"])
def test_tones_are_found_within_15_cents(note: str) -> None:
    frequency = note_to_frequency(note)
    found = yin(piano_tone(frequency, 1.0), 22_050)
    voiced = found.voiced()
    assert voiced[4:-4].mean() > 0.9
    # A stiff string's partials pull the period of the sum up by a few cents: that is not an error of YIN.
    assert np.median(cents(found.f0[voiced], frequency)) < 15


@pytest.mark.parametrize("center", [True, False])
def test_agrees_with_librosa(center: bool) -> None:
    """The figure asked for: within 10 cents on at least 95 % of the voiced frames."""
    rng = np.random.default_rng(4)
    sound = melody(SCALE * 3, 0.3)
    sound[5000:] += 0.5 * sound[:-5000]  # notes that ring on into others
    sound += 0.001 * rng.standard_normal(len(sound)).astype(np.float32)
    assert agreement(sound, center) >= 0.95


def test_agrees_with_librosa_on_the_demo_clip(repository: Path) -> None:
    with open_source(repository / "assets/demo/demo.wav") as source:
        sound = resample(source.read(), source.sample_rate, 22_050)[0]
    assert agreement(sound, True) >= 0.95


def agreement(sound: FloatArray, center: bool) -> float:
    ours = yin(sound, 22_050, 55.0, 2093.0, center=center)
    theirs = librosa.yin(sound, fmin=55.0, fmax=2093.0, sr=22_050, frame_length=2048, hop_length=512, center=center)
    assert ours.f0.shape == theirs.shape
    voiced = ours.voiced()
    assert voiced.mean() > 0.3
    return float((cents(ours.f0[voiced], theirs[voiced]) < 10).mean())


def test_a_short_period_is_not_read_too_short_through_the_raw_difference() -> None:
    """The division of step 3 tilts the trough: a period of 10 samples comes out 9 cents short."""
    tone = np.sin(2 * np.pi * 4410.0 / 44_100 * np.arange(8820)).astype(np.float32)
    tilted, straight = (
        cents(yin(tone, 44_100, 1400.0, 4700.0, 512, 1024, 0.3, raw_parabola=raw).f0[1:-1], 4410.0)
        for raw in (False, True)
    )
    assert tilted.min() > 5
    assert straight.max() < 1


def test_times_are_the_centres_of_the_frames() -> None:
    """A click's frames must lie around the click, or pitch and waveform would not line up."""
    assert yin(np.zeros(5000, np.float32), 22_050).times.tolist() == [i * 512 / 22_050 for i in range(10)]
    inner = yin(np.zeros(5000, np.float32), 22_050, center=False).times
    assert inner.tolist() == [(i * 512 + 1024) / 22_050 for i in range(6)]


def test_silence_has_no_pitch() -> None:
    found = yin(np.zeros(10_000, np.float32), 22_050)
    assert np.isnan(found.f0).all()
    assert (found.aperiodicity == 1).all()
    assert not found.voiced().any()


def test_noise_is_not_voiced() -> None:
    rng = np.random.default_rng(5)
    assert yin(rng.standard_normal(100_000).astype(np.float32), 22_050).voiced().mean() < 0.02


def test_does_not_depend_on_the_level() -> None:
    """float32 must not drown quiet notes."""
    sound = melody(SCALE, 0.2)
    loud, quiet = yin(sound, 22_050), yin(1e-5 * sound, 22_050)
    np.testing.assert_allclose(quiet.f0, loud.f0, rtol=1e-4)
    np.testing.assert_allclose(quiet.aperiodicity, loud.aperiodicity, atol=1e-3)


def test_nothing_wraps_around() -> None:
    """The end of a frame, or of the recording, must not leak into the beginning through the FFT."""
    sound = np.concatenate([np.zeros(22_050, np.float32), piano_tone(440.0, 1.0)])
    found = yin(sound, 22_050)
    before = found.times < 1.0 - 1024 / 22_050
    assert np.isnan(found.f0[before]).all()
    assert cents(found.f0[found.times > 1.1], 440.0).max() < 15


@pytest.mark.parametrize("frames", [0, 1, 100, 511, 512, 2047, 2048])
def test_short_recordings_have_a_frame_for_every_hop(frames: int) -> None:
    sound = piano_tone(440.0, 0.1)[:frames]
    assert len(yin(sound, 22_050).f0) == 1 + frames // 512
    assert len(yin(sound, 22_050, center=False).f0) == (1 if frames == 2048 else 0)


def test_a_range_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="out of reach"):
        yin(np.zeros(5000, np.float32), 192_000)  # 55 Hz takes 3491 samples, frames have 2048
    with pytest.raises(ValueError, match="one channel"):
        yin(np.zeros((2, 5000), np.float32), 22_050)


@pytest.mark.parametrize(
    ("frequency", "note"), [(440.0, "A4"), (261.63, "C4"), (27.5, "A0"), (4186.0, "C8"), (466.16, "A#4"), (8.18, "C-1")]
)
def test_note_names(frequency: float, note: str) -> None:
    assert frequency_to_note(frequency) == note
    assert note_to_frequency(note) == pytest.approx(frequency, rel=1e-3)


def test_flats_and_bad_names() -> None:
    assert note_to_frequency("Bb3") == pytest.approx(note_to_frequency("A#3"))
    assert note_to_frequency("Cb4") == pytest.approx(note_to_frequency("B3"))
    for name in ("", "H4", "A", "4", "A4.5", "A#", "Ax4"):
        with pytest.raises(ValueError, match="not a note"):
            note_to_frequency(name)
    for frequency in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not a pitch"):
            frequency_to_note(frequency)
