"""Before a recording and in the middle of it: the same engine, other masks."""

import numpy as np
import pytest
import torch

from core.analysis.spectrum import largest_second_difference, second_difference_quantile
from core.audio.signal import active_rms
from core.diffusion.denoiser import Denoiser, Prediction
from core.diffusion.samplers import SAMPLERS
from core.diffusion.schedule import NoiseSchedule
from core.errors import AudioError
from core.extension.extension import Extension
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from tests.core.tones import chord

Tiny = tuple[Denoiser, NetworkInfo]


def nothing(like: np.ndarray) -> np.ndarray:
    return like[:, :0]


def make(
    tiny: Tiny, before: np.ndarray, after: np.ndarray, rate: int, seconds: float, settings: Settings | None = None
) -> np.ndarray:
    extension = Extension(*tiny, before, rate, seconds, settings or Settings(steps=3), following=after)
    for _ in extension.run():
        pass
    return extension.audio()


@pytest.mark.parametrize("rate", [4000, 8000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_exactly_the_frames_asked_for(tiny: Tiny, rate: int, channels: int) -> None:
    """One frame more or less would shift everything that follows."""
    known = chord(0.7, rate, channels)
    for before, after in ((nothing(known), known), (known, known)):
        audio = make(tiny, before, after, rate, 0.6)
        assert audio.shape == (channels, round(0.6 * rate)) and np.isfinite(audio).all()


class Remembers:
    """A denoiser that answers with a steady chord, whose phase it takes from nowhere but the frame count."""

    def __init__(self, offset: int) -> None:
        self.schedule = NoiseSchedule.power_sigma(200, 5e-4, 2.5, 5.0)
        self.offset = offset

    def __call__(self, x: torch.Tensor, level: float) -> Prediction:
        t = (np.arange(x.shape[-1]) + self.offset) / 4000
        clean = torch.from_numpy(0.1 * (np.sin(2 * np.pi * 220 * t) + np.sin(2 * np.pi * 330 * t))).float()
        clean = clean.expand_as(x)
        signal, noise = self.schedule.scales(level)
        return Prediction(clean, (x - signal * clean) / noise)


@pytest.mark.parametrize("place", ["prelude", "gap"])
def test_no_click_on_either_side(tiny: Tiny, place: str) -> None:
    """The network plays the same chord a little out of phase: put side by side, that is a step on both seams."""
    t = np.arange(8000) / 4000
    tones = (0.1 * (np.sin(2 * np.pi * 220 * t + 0.4) + np.sin(2 * np.pi * 330 * t - 0.3)))[None].astype(np.float32)
    before = tones[:, :3000] if place == "gap" else tones[:, :0]
    begin = before.shape[1]
    after = tones[:, begin + 800 :]
    extension = Extension(Remembers(0), tiny[1], before, 4000, 0.2, Settings(steps=3), following=after)
    for _ in extension.run():
        pass
    whole = np.concatenate([before, extension.audio(), after], axis=1)[0]
    usual = second_difference_quantile(tones[0], 0.999)
    for seam in (begin, begin + 800):
        if seam:
            assert largest_second_difference(whole, seam) < 2.5 * usual


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_fills_a_gap(tiny: Tiny, sampler: str) -> None:
    """One keep-mask for all of them; the known audio on both sides must reach the sampler."""
    known = chord(2.0, 4000)
    audio = make(tiny, known[:, :3500], known[:, 4300:], 4000, 0.2, Settings(sampler=sampler, steps=12))
    assert audio.shape == (1, 800) and np.isfinite(audio).all()
    assert 0.2 < active_rms(audio, 4000) / active_rms(known, 4000) < 5


def test_half_a_gap_is_nothing(tiny: Tiny) -> None:
    """Cancelled between two windows, a gap would be written with a hole in it."""
    known = chord(1.0, 4000)
    extension = Extension(*tiny, known, 4000, 0.5, Settings(steps=3), following=known)
    run = extension.run()
    for _ in range(4):
        next(run)
    run.close()
    assert len(extension.plan.windows) == 2 and extension.audio().shape == (1, 0)


def test_a_cancelled_prelude_keeps_what_touches_the_recording(tiny: Tiny) -> None:
    """Windows of a prelude are made backwards, so the complete ones are those next to the recording."""
    known = chord(1.0, 4000)
    extension = Extension(*tiny, nothing(known), 4000, 0.5, Settings(steps=3), following=known)
    run = extension.run()
    for _ in range(4):
        next(run)
    run.close()
    part = extension.audio()
    whole = make(tiny, nothing(known), known, 4000, 0.5)
    assert part.shape == (1, 1000) and np.allclose(part, whole[:, -1000:], atol=1e-5)


def test_silence_on_both_sides_is_refused(tiny: Tiny) -> None:
    silent = np.zeros((1, 4000), np.float32)
    with pytest.raises(AudioError, match="beside it are silent"):
        Extension(*tiny, silent, 4000, 0.2, Settings(steps=3), following=silent)
    Extension(*tiny, silent, 4000, 0.2, Settings(steps=3), following=chord(1.0, 4000))
