"""Where the known part is overwritten at every step, DiffWave sees no more of it than what is kept depends on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.diffusion.denoiser import EpsilonDenoiser
from core.diffusion.samplers import SAMPLERS
from core.diffusion.schedule import NoiseSchedule
from core.extension.extension import Extension
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.networks.diffwave import DiffWave
from core.networks.registry import find_network
from tests.core.tones import chord

RATE = 4000
SECONDS = 0.6
ARCHITECTURE = {"layers": 6, "channels": 8, "dilation_cycle": 6}


class Counting(nn.Module):
    """Notes how many samples the network is shown."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.shown = network, set[int]()

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        self.shown.add(x.shape[-1])
        answer: Tensor = self.network(x, step)
        return answer


def random_network(**architecture: int) -> DiffWave:
    torch.manual_seed(1)
    network = DiffWave(**architecture).eval().requires_grad_(False)
    nn.init.normal_(network.output_projection.weight, std=0.2)
    return network


def card() -> NetworkInfo:
    return replace(find_network("diffwave"), sample_rate=RATE)


def made(network: nn.Module, sampler: str, reach: int | None, gap: bool = False) -> np.ndarray:
    """New audio (1, N) beside 4 s of a chord, or between two."""
    denoiser = EpsilonDenoiser(network, NoiseSchedule.linear_beta(), reach=reach)
    settings = Settings(sampler=sampler, steps=3, jump_length=1, resamplings=2)
    known = chord(2.0 if gap else 4.0, RATE)
    extension = Extension(denoiser, card(), known, RATE, SECONDS, settings, following=known if gap else None)
    list(extension.run())
    return extension.audio()


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("sampler", ["replacement", "repaint", "replacement-authors"])
def test_new_audio_is_what_the_whole_window_would_give(sampler: str, gap: bool) -> None:
    """Breaks when less is looked at than the new samples, and the seam, depend on: but for rounding it is the same."""
    network = random_network(**ARCHITECTURE)
    counting = Counting(network)
    part, whole = made(counting, sampler, network.reach, gap), made(network, sampler, None, gap)
    assert max(counting.shown) < (SECONDS + 0.3) * RATE  # of 4.6 s
    assert np.abs(whole).max() > 0.01
    assert np.abs(part - whole).max() < 1e-5 * np.abs(whole).max()


@pytest.mark.parametrize("sampler", [name for name, sampler in SAMPLERS.items() if not sampler.overwrites_known])
def test_others_see_the_whole_window(sampler: str) -> None:
    """Breaks when a method that leaves the known part as the network makes it gets an invented one."""
    network = random_network(**ARCHITECTURE)
    counting = Counting(network)
    made(counting, sampler, network.reach)
    assert counting.shown == {round((4 + SECONDS) * RATE)}


def test_the_papers_network_says_the_same_of_a_part() -> None:
    """Breaks when 3069 samples to either side are not all that an estimate of the real architecture depends on: within
    float32's rounding there, and known audio everywhere else.
    """
    network, schedule = random_network(), NoiseSchedule.linear_beta()
    generator = torch.Generator().manual_seed(2)
    x, known = torch.randn(2, 1, 1, 16_000, generator=generator)
    keep = (torch.arange(16_000) < 11_000)[None, None]
    denoiser = EpsilonDenoiser(network, schedule, reach=network.reach)
    whole, part = denoiser(x, 50), denoiser.around(known, keep, 500)(x, 50)
    assert network.reach == 3069
    size = float(whole.noise.square().mean().sqrt())
    assert float((part.noise - whole.noise)[..., 10_500:].abs().max()) < 1e-5 * size
    assert torch.allclose(part.clean[..., :10_500], known[..., :10_500], atol=1e-5)
    signal, scale = schedule.scales(50)
    assert torch.allclose(signal * part.clean + scale * part.noise, x, atol=1e-5)
    less = EpsilonDenoiser(network, schedule, reach=network.reach - 600).around(known, keep, 500)(x, 50)
    assert float((less.noise - whole.noise)[..., 10_500:].abs().max()) > 1e-5 * size
