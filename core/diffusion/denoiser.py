"""Denoisers: what a network says of x_t, always as both the clean audio and the noise in it.

Networks differ in what they predict (eps, x_0, EDM's mixture); that is converted here, once, and no sampler knows.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from core.diffusion.schedule import NoiseSchedule


class Prediction(NamedTuple):
    """The clean estimate E[x_0 | x_t] and the noise that goes with it: x_t = signal * clean + noise_scale * noise."""

    clean: Tensor
    noise: Tensor


class Denoiser(Protocol):
    """Anything that splits x_t (B, 1, N) at a level 0 < level <= schedule.top into clean audio and noise."""

    schedule: NoiseSchedule

    def __call__(self, x: Tensor, level: float) -> Prediction: ...


class EpsilonDenoiser:
    """A network that predicts eps from x_t and the timestep index level - 1, as DDPM and DiffWave do."""

    def __init__(self, network: nn.Module, schedule: NoiseSchedule) -> None:
        self.network, self.schedule = network, schedule

    def __call__(self, x: Tensor, level: float) -> Prediction:
        step = torch.full((len(x),), level - 1, device=x.device, dtype=torch.float32)
        noise = self.network(x, step)
        signal, scale = self.schedule.scales(level)
        return Prediction((x - scale * noise) / signal, noise)


class SigmaDenoiser:
    """A network that estimates clean audio from clean + sigma * noise, as EDM's; x_t is that, times `signal`."""

    def __init__(self, network: nn.Module, schedule: NoiseSchedule) -> None:
        self.network, self.schedule = network, schedule

    def __call__(self, x: Tensor, level: float) -> Prediction:
        signal, scale = self.schedule.scales(level)
        sigma = torch.full((len(x),), scale / signal, device=x.device, dtype=torch.float32)
        clean = self.network(x[:, 0] / signal, sigma)[:, None]
        return Prediction(clean, (x - signal * clean) / scale)
