"""One step of the reverse process, against the paper's equation."""

import numpy as np
import torch

from core.diffusion.schedule import NoiseSchedule


def test_ancestral_step_is_the_papers() -> None:
    """x_{t-1} = (x_t - beta / sqrt(1 - alpha_bar) eps) / sqrt(alpha) + sigma z, and no noise at the last step."""
    from core.diffusion.denoiser import Prediction
    from core.diffusion.solver import DDIM
    from core.diffusion.walk import Edge

    def never(x: torch.Tensor, level: float) -> Prediction:
        raise AssertionError("a second evaluation")

    schedule = NoiseSchedule.linear_beta()
    beta = np.linspace(1e-4, 0.02, 200)
    alpha_bar = np.concatenate([[1.0], np.cumprod(1 - beta)])
    x, eps, z = (torch.randn(1, 1, 50, dtype=torch.float64) for _ in range(3))
    for level in (1, 2, 77, 200):
        b = beta[level - 1]
        clean = (x - np.sqrt(1 - alpha_bar[level]) * eps) / np.sqrt(alpha_bar[level])
        mean = (x - b / np.sqrt(1 - alpha_bar[level]) * eps) / np.sqrt(1 - b)
        sigma = np.sqrt(b * (1 - alpha_bar[level - 1]) / (1 - alpha_bar[level]))
        got = DDIM(schedule).step(x, Prediction(clean, eps), Edge(level, level - 1), z, never)
        assert torch.allclose(got, mean + sigma * z, atol=1e-9)
