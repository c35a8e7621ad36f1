"""What lies below hearing is told from music, and goes on below new audio without a thump."""

import numpy as np
import pytest

from core.audio.subsonic import carried_on, subsonic
from tests.core.tones import chord

RATE = 44_100
MUSIC = chord(2.0, RATE, channels=2, level=0.1)
TIME = np.arange(MUSIC.shape[1]) / RATE


def tone(hertz: float, amplitude: float) -> np.ndarray:
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * TIME + 1), np.float32)[None]


@pytest.mark.parametrize("offset", [0.4, -0.1])
def test_an_offset_is_found_whatever_is_played(offset: float) -> None:
    """Breaks when an offset counts as loudness, in a whole recording or a tenth of a second of one."""
    for frames in (MUSIC.shape[1], RATE // 10):
        sound = MUSIC[:, :frames] + np.float32(offset)
        np.testing.assert_allclose(subsonic(sound, RATE).mean(), offset, atol=0.01)


def test_rumble_is_found_to_the_last_sample() -> None:
    """Breaks when rumble stays in what the network is shown, or the filter's own ends are taken for rumble."""
    for hertz in (2.0, 6.0, 9.0):
        rumble = tone(hertz, 0.3)
        assert np.abs(subsonic(MUSIC + rumble, RATE) - rumble).max() < 0.02


@pytest.mark.parametrize("sound", [MUSIC, MUSIC + np.float32(0.002), tone(27.5, 0.3), tone(55.0, 0.3)[:, : RATE // 3]])
def test_music_is_left_to_the_bit(sound: np.ndarray) -> None:
    """Breaks when the lowest key counts as rumble, or recordings without any are changed: they gave the same samples
    before there was this.
    """
    assert not subsonic(sound, RATE).any()


def test_a_bass_note_that_is_cut_off_is_no_rumble() -> None:
    """Breaks when what is heard in a loud offset's company is taken for part of it, at an end above all."""
    for hertz in (27.5, 41.2, 110.0):
        bass = tone(hertz, 0.3)
        assert np.abs(subsonic(bass + np.float32(0.4), RATE) - 0.4).max() < 0.01


def test_nothing_has_nothing_below() -> None:
    """Breaks on audio without a frame, a single one, and digital silence."""
    for sound in (MUSIC[:, :0], np.zeros((2, 1), np.float32), np.zeros((1, RATE), np.float32)):
        assert subsonic(sound, RATE).shape == sound.shape
        assert not subsonic(sound, RATE).any()


def test_it_goes_on_without_a_step_on_either_side() -> None:
    """Breaks when new audio begins beside the offset, or an offset that changes in a gap changes at once."""
    before, after = subsonic(MUSIC + np.float32(0.4), RATE), subsonic(MUSIC + np.float32(-0.2) + tone(6.0, 0.2), RATE)
    nothing = before[:, :0]
    behind = carried_on(before, nothing, 1000, RATE)
    np.testing.assert_allclose(behind[:, 0], before[:, -1], atol=1e-3)
    np.testing.assert_allclose(behind[:, -1], before.mean(axis=1), atol=0.02)
    np.testing.assert_allclose(carried_on(nothing, after, 1000, RATE)[:, -1], after[:, 0], atol=1e-3)
    gap = carried_on(before, after, RATE, RATE)
    np.testing.assert_allclose(gap[:, 0], before[:, -1], atol=2e-3)
    np.testing.assert_allclose(gap[:, -1], after[:, 0], atol=2e-3)
    assert np.abs(np.diff(gap)).max() < 1e-3
    assert not carried_on(nothing, nothing, 100, RATE).any()
