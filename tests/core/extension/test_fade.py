"""Going on after a fade: as softly as the recording ends, and without a step."""

import numpy as np
import pytest

from core.audio.signal import active_rms
from core.diffusion.denoiser import Denoiser
from core.extension.extension import Extension
from core.extension.fade import DEEPEST, Fade, fade_of, level_between, without_fade
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from tests.core.tones import chord

RATE = 4000
MUSIC = chord(2.0, RATE, channels=2, level=0.1)
FADING = 10 ** (np.linspace(0, -28, MUSIC.shape[1]) / 20)


def decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio))


def test_a_fade_is_found_and_undone() -> None:
    """Breaks when the network is shown a fade, and so goes on fading, or the level at the end is missed."""
    faded = (MUSIC * FADING).astype(np.float32)
    assert decibels(fade_of(faded, RATE).left) == pytest.approx(-28, abs=5)
    level = without_fade(faded, RATE)
    halves = active_rms(level[:, : RATE // 2], RATE), active_rms(level[:, -RATE // 2 :], RATE)
    assert decibels(halves[1] / halves[0]) == pytest.approx(0, abs=3)
    backwards = without_fade(faded[:, ::-1].copy(), RATE, towards_end=False)
    np.testing.assert_allclose(backwards[:, ::-1], level, rtol=1e-5, atol=1e-6)


def test_a_rest_is_no_fade_and_silence_is_not_blown_up() -> None:
    """Breaks when a pause within the music counts as its level, or noise is turned up without bound."""
    rest = MUSIC.copy()
    rest[:, RATE : RATE + 600] = 0
    assert decibels(fade_of(rest, RATE).left) > -6
    silent = np.concatenate([MUSIC, np.zeros((2, RATE), np.float32)], axis=1)
    assert fade_of(silent, RATE).left == pytest.approx(DEEPEST)
    assert np.isfinite(without_fade(np.zeros((1, 100), np.float32), RATE)).all()
    assert fade_of(MUSIC[:, :0], RATE).left == 1


def test_a_gap_goes_from_the_one_level_to_the_other() -> None:
    """Breaks when filled audio is at one level throughout, or a prelude at that of a recording's end."""
    soft, loud, nothing = Fade(np.ones(3), 0.1), Fade(np.ones(3), 1.0), Fade(np.ones(0), 1.0)
    np.testing.assert_allclose(level_between(soft, loud, 3), [0.1, 10**-0.5, 1.0])
    np.testing.assert_allclose(level_between(soft, nothing, 2), [0.1, 0.1])
    np.testing.assert_allclose(level_between(nothing, soft, 2), [0.1, 0.1])
    assert level_between(soft, loud, 0).shape == (0,)


def test_new_audio_is_as_soft_as_the_recording_ends(tiny: tuple[Denoiser, NetworkInfo]) -> None:
    """Breaks when a continuation comes back 28 dB louder than a fade has ended, though asked not to, or with a step."""
    faded = (MUSIC * FADING).astype(np.float32)
    levels = []
    for hold in (False, True):
        extension = Extension(*tiny, faded, RATE, 0.5, Settings(steps=4, hold_level=hold))
        list(extension.run())
        new = extension.audio()
        levels.append(active_rms(new, RATE))
        assert np.abs(new[:, 0] - faded[:, -1]).max() < 0.02
    full = Extension(*tiny, MUSIC, RATE, 0.5, Settings(steps=4))
    list(full.run())
    end = active_rms(faded[:, -RATE // 4 :], RATE) / active_rms(MUSIC[:, -RATE // 4 :], RATE)
    assert decibels(levels[1] / active_rms(full.audio(), RATE)) == pytest.approx(decibels(end), abs=5)
    assert levels[0] > levels[1]
