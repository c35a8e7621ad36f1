"""What a network says of x_t, as the samplers hear it."""

from typing import Any

import pytest
import torch
from torch import Tensor

from core.diffusion.denoiser import SigmaDenoiser, VelocityDenoiser
from core.diffusion.schedule import NoiseSchedule
from tests.core.networks.material import GaussianVelocity, noise


def test_a_sigma_network_is_asked_in_its_own_units() -> None:
    """x_t = s clean + n eps is handed over as clean + (n / s) eps; the two estimates must add up to x_t again."""
    seen: list[float] = []

    class Half(torch.nn.Module):
        def forward(self, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            seen.append(float(sigma))
            return 0.5 * x

    schedule = NoiseSchedule.linear_beta()
    x = torch.randn(1, 1, 100)
    clean, noise = SigmaDenoiser(Half(), schedule)(x, 50)
    signal, scale = schedule.scales(50)
    assert seen == [pytest.approx(scale / signal)]
    assert torch.allclose(clean, 0.5 * x / signal)
    assert torch.allclose(signal * clean + scale * noise, x, atol=1e-6)


@pytest.mark.parametrize("level", [0.5, 1, 20, 117.5, 200])
def test_a_perfect_velocity_is_the_posterior_mean(level: float) -> None:
    """E[x_0 | x] = signal s^2 / (signal^2 s^2 + noise^2) x for a Gaussian prior; any slip of sign or angle shows."""

    class Plain(GaussianVelocity):
        def forward(self, x: Tensor, time: Tensor, return_dict: bool = False) -> Any:
            return super().forward(x, time)[0]

    schedule = NoiseSchedule.crash(200)
    x = noise(1, 1, 100)
    clean, eps = VelocityDenoiser(Plain(0.3), schedule)(x, level)
    signal, scale = schedule.scales(level)
    assert torch.allclose(clean, signal * 0.09 / (signal**2 * 0.09 + scale**2) * x, atol=1e-5)
    assert torch.allclose(signal * clean + scale * eps, x, atol=1e-5)
