"""New audio at a file's two ends: never a click, and everything before the last stretch as it was made."""

import numpy as np
import pytest

from core.audio.endings import AS_MADE, CUT, FADE, KINDS, RING, Ending
from core.errors import SettingsError
from tests.core.tones import chord

RATE = 22_050
SOUND = chord(3.0, RATE, channels=2, level=0.3)
ENDED = [Ending(RING), Ending(FADE, 0.5), Ending(FADE, 30.0)]


@pytest.mark.parametrize("ending", ENDED, ids=str)
@pytest.mark.parametrize("frames", [1, 2, 5, 100, 4000, SOUND.shape[1]])
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_it_ends_and_begins_in_silence(ending: Ending, frames: int, offset: float) -> None:
    """Breaks when a file still ends mid-note, whatever its length, or an offset stays to its last sample."""
    sound = SOUND[:, :frames] + np.float32(offset)
    for edge in (ending.end(sound, RATE)[:, -1], ending.begin(sound, RATE)[:, 0]):
        assert np.abs(edge).max() < 1e-6
    assert ending.end(sound, RATE).shape == sound.shape
    assert ending.end(sound, RATE).dtype == np.float32


def test_the_last_milliseconds_hold_no_click() -> None:
    """Breaks when it falls so fast that the fall is heard: no step in the ending is above those of the music."""
    steps = np.abs(np.diff(SOUND)).max()
    for ending in ENDED:
        assert np.abs(np.diff(ending.end(SOUND, RATE))).max() <= 1.02 * steps
        assert np.abs(ending.end(SOUND, RATE)[:, -round(0.01 * RATE) :]).max() < 0.02


@pytest.mark.parametrize(("ending", "seconds"), [(Ending(RING), 1.2), (Ending(FADE, 0.5), 0.5)])
def test_what_lies_before_it_is_untouched(ending: Ending, seconds: float) -> None:
    """Breaks when the bands into which the ring is divided don't add up, or it begins too early."""
    place = SOUND.shape[1] - round(seconds * RATE)
    np.testing.assert_array_equal(ending.end(SOUND, RATE)[:, :place], SOUND[:, :place])
    np.testing.assert_allclose(ending.end(SOUND, RATE)[:, place], SOUND[:, place], atol=0.01)
    np.testing.assert_array_equal(ending.begin(SOUND, RATE)[:, round(0.5 * RATE) :], SOUND[:, round(0.5 * RATE) :])


def test_short_strings_fall_silent_first() -> None:
    """Breaks when the ring is a plain fade: of a low and a high tone, as loud, the high one is gone sooner."""
    time = np.arange(3 * RATE) / RATE
    levels = []
    for hertz in (100.0, 3000.0):
        tone = (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None]
        ended = Ending(RING).end(tone, RATE)
        half = slice(-round(0.6 * RATE), -round(0.5 * RATE))
        levels.append(np.sqrt(np.square(ended[0, half]).mean()))
    assert 0.01 < levels[1] / levels[0] < 0.4


def test_cut_is_as_it_was_made() -> None:
    """Breaks when those who go on from there get something else."""
    assert AS_MADE.end(SOUND, RATE) is SOUND
    assert AS_MADE.begin(SOUND, RATE) is SOUND


@pytest.mark.parametrize("text", ["ring", "cut", "fade:2", "fade:0.25"])
def test_it_is_spelled_as_it_is_read(text: str) -> None:
    """Breaks when a recipe holds an ending that can't be read again."""
    assert str(Ending.parse(text)) == text


def test_nothing_new_and_unknown_endings() -> None:
    """Breaks when an empty run can't be exported, or a slip of the pen is taken for one of the endings."""
    empty = SOUND[:, :0]
    assert all(Ending(kind).end(empty, RATE).shape == (2, 0) for kind in KINDS)
    assert Ending.parse("fade") == Ending(FADE)
    for text in ("", "rings", "ring:2", "cut:", "fade:", "fade:x", "fade:0", "fade:-1", "fade:nan", "fade:1e9"):
        with pytest.raises(SettingsError, match=f"ending|{FADE}|fade|{CUT}"):
            Ending.parse(text)
