"""A stand-in for a network, by which it shows what a run begins with."""

import torch

from core.diffusion.denoiser import Prediction
from core.diffusion.schedule import NoiseSchedule


class Trusting:
    """A network to which x_t without its noise is clean: what is made is what it began with, more or less."""

    def __init__(self) -> None:
        self.schedule = NoiseSchedule.power_sigma(200, 5e-4, 2.5, 5.0)

    def __call__(self, x: torch.Tensor, level: float) -> Prediction:
        signal = self.schedule.scales(level).signal
        return Prediction(x / signal, torch.zeros_like(x))
