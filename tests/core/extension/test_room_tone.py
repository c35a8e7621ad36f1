"""The noise that goes on where notes are played: as much as the recording has between its notes, and no more."""

import numpy as np

from core.extension.room_tone import floor_spectrum, room_tone

RATE, FADE = 22050, 441


def tones(seconds: float, noise: float, seed: int = 0) -> np.ndarray:
    """Four loud partials, and noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    music = sum(0.1 * np.sin(2 * np.pi * f * t) for f in (220, 440, 1318, 2637))
    return (music + noise * np.random.default_rng(seed).standard_normal(t.size)).astype(np.float32)


def hiss(samples: np.ndarray) -> float:
    """dB: power between 4 and 9 kHz, where there is no music."""
    power = np.abs(np.fft.rfft(samples)) ** 2 / len(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(10 * np.log10(power[(frequency > 4000) & (frequency < 9000)].mean()))


def test_hiss_goes_on_as_loud_as_it_was() -> None:
    """Breaks when partials are taken for noise, or the scale of the transform for that of the samples."""
    known, made = tones(5, 1e-3), tones(2, 1e-5, seed=1)
    filled = made + room_tone(floor_spectrum(known), made, FADE, np.random.default_rng(2))
    assert abs(hiss(filled) - hiss(known)) < 2
    assert abs(float(np.std(filled) / np.std(made)) - 1) < 0.01  # the music is as loud as it was


def test_it_comes_and_goes_without_a_step() -> None:
    tone = room_tone(floor_spectrum(tones(5, 1e-2)), tones(2, 0), FADE, np.random.default_rng(2))
    assert np.abs(tone[[0, -1]]).max() < 1e-4 and np.abs(tone[1000:2000]).max() > 1e-2


def test_nothing_is_added_where_nothing_is_missing() -> None:
    """A recording without hiss gets none, nor does one whose continuation has more of it already."""
    for known, made in ((tones(5, 0), tones(2, 1e-4)), (tones(5, 1e-4), tones(2, 1e-3, seed=1))):
        assert hiss(room_tone(floor_spectrum(known), made, FADE, np.random.default_rng(2)) + 1e-12) < hiss(made) - 15


def test_audio_too_short_to_tell_is_left_alone() -> None:
    assert not floor_spectrum(tones(0.1, 1e-3)).any()
    assert not room_tone(floor_spectrum(tones(0.1, 1e-3)), tones(0.1, 0), FADE, np.random.default_rng(0)).any()
