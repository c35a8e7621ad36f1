"""Extension by stacked windows: what the user's audio may expect."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.analysis.spectrum import largest_second_difference, second_difference_quantile
from core.audio.signal import active_rms
from core.diffusion.denoiser import Denoiser, Prediction, SigmaDenoiser
from core.diffusion.samplers import SAMPLERS
from core.diffusion.schedule import NoiseSchedule
from core.errors import AudioError, NetworkError, PianoDiffError
from core.extension.extension import Extension, Step
from core.extension.seam import seam_correction
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.core.tones import chord

Tiny = tuple[Denoiser, NetworkInfo]


def extend(
    tiny: Tiny, context: np.ndarray, rate: int, seconds: float, settings: Settings | None = None
) -> tuple[Extension, list[Step]]:
    extension = Extension(*tiny, context, rate, seconds, settings or Settings(steps=4))
    return extension, list(extension.run())


@pytest.mark.parametrize("rate", [4000, 8000, 22050, 44100, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_channels_come_out_as_they_went_in(tiny: Tiny, rate: int, channels: int) -> None:
    """The new audio must fit behind the recording: its rate, its channels, exactly the frames asked for, all finite."""
    extension, _ = extend(tiny, chord(0.6, rate, channels), rate, 0.6, Settings(steps=2))
    audio = extension.audio()
    assert audio.shape == (channels, round(0.6 * rate))
    assert audio.dtype == np.float32 and np.isfinite(audio).all() and np.abs(audio).max() < 1


def test_the_same_seed_gives_the_same_samples_and_another_does_not(tiny: Tiny) -> None:
    """Without it no recipe could be replayed."""
    context = chord(0.6, 4000)
    first, _ = extend(tiny, context, 4000, 0.6, Settings(steps=3, seed=5))
    again, _ = extend(tiny, context, 4000, 0.6, Settings(steps=3, seed=5))
    other, _ = extend(tiny, context, 4000, 0.6, Settings(steps=3, seed=6))
    assert np.array_equal(first.audio(), again.audio())
    assert not np.array_equal(first.audio(), other.audio())
    assert first.x_T_sha256 == again.x_T_sha256 != other.x_T_sha256


def test_going_on_counts_windows_on(tiny: Tiny) -> None:
    """A second run from the same x_T as the first would tend to repeat it; it draws the third window's noise."""
    context = chord(0.6, 4000)
    whole, _ = extend(tiny, context, 4000, 0.75, Settings(steps=2))
    later = Extension(*tiny, context, 4000, 0.25, Settings(steps=2), first_window=2)
    list(later.run())
    assert len(whole.plan.windows) == 3
    assert later.x_T_sha256 != whole.x_T_sha256


def test_every_sampler_starts_from_the_same_noise(tiny: Tiny) -> None:
    """The paper's comparison is fair only if x_T is one and the same."""
    hashes = {
        extend(tiny, chord(0.6, 4000), 4000, 0.2, Settings(sampler=name, steps=2, seed=3))[0].x_T_sha256
        for name in SAMPLERS
    }
    assert len(hashes) == 1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_cost_is_what_was_announced(tiny: Tiny, sampler: str) -> None:
    """The bar would overrun, or never fill."""
    settings = Settings(sampler=sampler, steps=12, jump_length=4, resamplings=3)
    extension, steps = extend(tiny, chord(0.6, 4000), 4000, 0.6, settings)
    assert len(extension.plan.windows) == 3
    assert extension.plan.evaluations == steps[-1].evaluations_total == steps[-1].evaluations
    assert len(steps) == (36 if sampler == "reconstruction" else extension.plan.evaluations)  # two a step, but the last
    assert [step.window_complete for step in steps].count(True) == 3
    assert steps[-1].level == 0 and steps[-1].window_complete
    assert all(0 <= step.similarity <= 1 for step in steps)


def test_leaving_keeps_complete_windows(tiny: Tiny) -> None:
    """Cancel at any step: what is complete stays, what is not is gone, and nothing is half a window."""
    for stop_after, expected in ((1, 0.0), (4, 0.2), (6, 0.2), (8, 0.4)):
        extension = Extension(*tiny, chord(0.6, 4000), 4000, 0.6, Settings(steps=4))
        run = extension.run()
        for _ in range(stop_after):
            next(run)
        run.close()
        assert extension.audio().shape == (1, round(expected * 4000))


def test_context_shorter_than_the_network_wants_is_used_as_it_is(tiny: Tiny) -> None:
    """A clip of 0.1 s where 0.5 s are wanted; later windows see more."""
    extension, steps = extend(tiny, chord(0.1, 4000), 4000, 0.5)
    assert [w.context_frames for w in extension.plan.windows] == [400, 1400]
    assert steps[0].known_frames == 400
    assert extension.audio().shape == (1, 2000)


def test_from_nothing(tiny: Tiny) -> None:
    """`generate`: no context, mono, at the usual level, with no similarity to speak of."""
    extension, steps = extend(tiny, np.zeros((1, 0), np.float32), 4000, 0.5)
    assert extension.audio().shape == (1, 2000)
    assert np.isnan(steps[0].similarity)


class Biased:
    """A denoiser that knows the answer, a steady chord, but plays everything too loud or too quiet by `decibels`."""

    def __init__(self, decibels: float, rate: int) -> None:
        self.schedule = NoiseSchedule.power_sigma(200, 5e-4, 2.5, 5.0)
        self.bias, self.rate = 10 ** (decibels / 20), rate

    def __call__(self, x: torch.Tensor, level: float) -> Prediction:
        t = np.arange(x.shape[-1]) / self.rate
        tones = np.sin(2 * np.pi * 220 * t) + np.sin(2 * np.pi * 330 * t)
        clean = torch.from_numpy(0.1 * self.bias * tones).float().expand_as(x)
        signal, noise = self.schedule.scales(level)
        return Prediction(clean, (x - signal * clean) / noise)


@pytest.mark.parametrize("decibels", [-5.0, 5.0])
def test_the_level_neither_drifts_nor_clips_over_many_windows(tiny: Tiny, decibels: float) -> None:
    """A bias of 5 dB a window would be 200 dB after forty windows if each only followed the one before."""
    context = chord(0.6, 4000, level=0.1)
    extension = Extension(Biased(decibels, 4000), tiny[1], context, 4000, 10.0, Settings(steps=2))
    for _ in extension.run():
        pass
    audio = extension.audio()
    levels = [active_rms(audio[:, k : k + 4000], 4000) for k in range(0, audio.shape[1], 4000)]
    assert 20 * np.log10(max(levels) / min(levels)) < 1.0
    assert abs(20 * np.log10(levels[-1] / active_rms(context, 4000))) < 3.0
    assert np.abs(audio).max() <= 0.98


def test_the_seam_has_no_step(tiny: Tiny) -> None:
    """The network's version of the known part is never exact: it would click uncorrected."""
    rate = 22050
    context = chord(1.0, rate)
    extension, _ = extend(tiny, context, rate, 0.25, Settings(steps=8))
    joined = np.concatenate([context, extension.audio()], axis=1)[0]
    bend = largest_second_difference(joined, at=context.shape[1], radius=3)
    plain = extension.audio() - seam_correction(np.zeros((1, 2000), np.float32) + 0.1, extension.audio().shape[1], rate)
    worse = largest_second_difference(np.concatenate([context, plain], axis=1)[0], at=context.shape[1], radius=3)
    assert bend < worse
    assert bend <= 1.5 * second_difference_quantile(joined, 0.999)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (np.zeros((1, 4000), np.float32), "silent"),
        (np.full((1, 4000), 1e-6, np.float32), "silent"),
        (np.full((1, 1), 0.1, np.float32), "too short"),
        (np.full((1, 4000), np.nan, np.float32), "not numbers"),
        (np.full((2, 4000), np.inf, np.float32), "not numbers"),
    ],
)
def test_audio_that_cannot_be_continued_says_why(tiny: Tiny, context: np.ndarray, message: str) -> None:
    """A run of minutes that ends in noise or NaN would be the alternative."""
    with pytest.raises(AudioError, match=message):
        Extension(*tiny, context, 4000, 0.5, Settings(steps=2))


def test_clipped_and_loud_audio_is_continued(tiny: Tiny) -> None:
    """A recording at full scale is loud, not wrong; what is added must not clip where it did not."""
    context = np.clip(chord(0.6, 4000, level=1.0), -1, 1)
    extension, _ = extend(tiny, context, 4000, 0.5)
    assert np.abs(extension.audio()).max() <= 1.0


def test_a_network_that_breaks_down_is_reported(tiny: Tiny) -> None:
    """NaN must not reach the user's file; running out of memory must not look like a bug."""

    class Broken:
        schedule = NoiseSchedule.linear_beta()

        def __init__(self, error: Exception | None) -> None:
            self.error = error

        def __call__(self, x: torch.Tensor, level: float) -> Prediction:
            if self.error:
                raise self.error
            return Prediction(x * float("nan"), x)

    for error, kind, message in (
        (None, NetworkError, "not numbers"),
        (torch.OutOfMemoryError("CUDA out of memory"), PianoDiffError, "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), PianoDiffError, "not enough memory"),
        (RuntimeError("a bug"), RuntimeError, "a bug"),
    ):
        extension = Extension(Broken(error), tiny[1], chord(0.6, 4000), 4000, 0.2, Settings(steps=2))
        with pytest.raises(kind, match=message):
            list(extension.run())
        assert extension.audio().shape == (1, 0)


@pytest.mark.parametrize("zero_shot", [False, True])
def test_a_network_that_can_see_is_shown_the_known_audio_unless_asked_not_to(tmp_path: Path, zero_shot: bool) -> None:
    """Clean, at the level of x_t, in its place, and nothing of what is to be made."""
    folder = write_tiny_network(tmp_path / "seeing", architecture=SEEING)
    asked: list[tuple[torch.Tensor, torch.Tensor | None]] = []
    denoiser, network = load_denoiser(str(folder), torch.device("cpu")), find_network(str(folder))
    assert isinstance(denoiser, SigmaDenoiser)
    forward = denoiser.network

    def spy(x: torch.Tensor, sigma: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        asked.append((x, keep))
        return forward(x, sigma, keep)

    audio = chord(1.0, 4000)
    spied = SigmaDenoiser(spy, denoiser.schedule)
    extension = Extension(spied, network, audio, 4000, 0.5, Settings(steps=3, zero_shot=zero_shot))
    list(extension.run())
    assert len(asked) == 6 and extension.audio().shape == (1, 2000)
    for _, keep in asked:
        if zero_shot:
            assert keep is None
        else:
            assert keep is not None and keep[0, :2000].all() and not keep[0, 2000:].any()
    known = asked[0][0][0, :2000].numpy()  # at the noisiest level of the first window
    assert (np.corrcoef(known, audio[0, -2000:])[0, 1] > 0.9999) != zero_shot


def test_being_shown_the_known_audio_changes_what_is_made(tmp_path: Path) -> None:
    """From the same noise: else the option would be a switch without a wire."""
    folder = write_tiny_network(tmp_path / "seeing", architecture=SEEING)
    denoiser, network = load_denoiser(str(folder), torch.device("cpu")), find_network(str(folder))
    made = []
    for zero_shot in (False, True):
        extension = Extension(denoiser, network, chord(1.0, 4000), 4000, 0.25, Settings(steps=3, zero_shot=zero_shot))
        list(extension.run())
        made.append((extension.audio(), extension.x_T_sha256))
    assert made[0][1] == made[1][1] and not np.allclose(made[0][0], made[1][0])


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device on this machine")
def test_cuda_agrees_with_the_cpu(tiny: Tiny) -> None:
    """The same seed on another device: the noise is the same, the arithmetic nearly (bf16: 2 % of the level)."""
    from core.networks.checkpoint import load_denoiser

    context = chord(0.6, 4000)
    cpu, _ = extend(tiny, context, 4000, 0.25)
    denoiser = load_denoiser(str(tiny[1].path), torch.device("cuda"))
    gpu, _ = extend((denoiser, tiny[1]), context, 4000, 0.25)
    assert gpu.x_T_sha256 == cpu.x_T_sha256
    assert np.sqrt(np.mean((gpu.audio() - cpu.audio()) ** 2)) < 0.02 * active_rms(context, 4000)
