"""How recordings end is told apart: with music, in a fade, in silence."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.opening import open_source
from core.audio.recording_end import RecordingEnd, recording_end
from tests.core.tones import chord

RATE = 8000
MUSIC = chord(6.0, RATE, channels=2, level=0.1)


def end_of(folder: Path, samples: np.ndarray, subtype: str = "PCM_24") -> RecordingEnd:
    sf.write(folder / "clip.wav", samples.T, RATE, subtype=subtype)
    with open_source(folder / "clip.wav") as source:
        return recording_end(source)


def test_music_to_the_end(tmp_path: Path) -> None:
    """Breaks when a note is said of an ordinary recording."""
    end = end_of(tmp_path, MUSIC)
    assert end.sound_frames == MUSIC.shape[1]
    assert not end.is_silent and not end.is_soft


@pytest.mark.parametrize("seconds", [0.7, 2.0, 13.0])
@pytest.mark.parametrize(("noise", "offset"), [(0.0, 0.0), (2e-5, 0.0), (0.0, 0.3)])
def test_silence_behind_the_sound(tmp_path: Path, seconds: float, noise: float, offset: float) -> None:
    """Breaks when silence is missed because it is longer than what is looked at, or has hiss or an offset in it."""
    silence = np.random.default_rng(0).normal(0, 1, (2, round(seconds * RATE))) * noise
    end = end_of(tmp_path, np.concatenate([MUSIC, silence], axis=1) + offset)
    assert end.is_silent and not end.is_soft
    assert end.silence == pytest.approx(seconds, abs=0.06)


def test_a_fade(tmp_path: Path) -> None:
    """Breaks when a fade-out isn't noticed, or taken for silence."""
    fade = np.ones(MUSIC.shape[1])
    fade[-3 * RATE :] = 10 ** (np.linspace(0, -30, 3 * RATE) / 20)
    end = end_of(tmp_path, MUSIC * fade)
    assert end.is_soft and not end.is_silent
    assert end.level_db == pytest.approx(-31, abs=4)


def test_nothing_but_silence(tmp_path: Path) -> None:
    """Breaks when a silent recording has a sound somewhere, or can't be asked about at all."""
    end = end_of(tmp_path, np.zeros((1, 7 * RATE)))
    assert (end.sound_frames, end.silence) == (0, 7.0)
