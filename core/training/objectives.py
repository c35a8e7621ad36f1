"""What each kind of network is trained to do: a batch of clean crops in, one loss a crop out.

An objective is a module around its network, so that data-parallel training sees one forward pass. It draws nothing
itself: the noise and a number u in [0, 1) that decides the noise level come from outside, keyed by crop, and the loss
of a crop is the same in whatever batch, process or machine it lands.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.networks.diffwave import DiffWave
from core.networks.spectral_unet import SpectralUNet

DrawCrops = Callable[[int, int], np.ndarray]
"""(count, frames) -> (count, frames) float32: random crops of the training data."""


class Objective(nn.Module, ABC):
    """A network and its loss.

    network            what is trained
    sample_rate        Hz
    frames_multiple    crops are cut to a multiple of this
    learning_rate, crop_seconds    defaults for training from scratch
    in_bfloat16        whether matrix products run in bf16 (autocast; weights and optimiser stay float32)
    """

    network: nn.Module
    frames_multiple = 1
    learning_rate: float
    crop_seconds: tuple[float, ...]

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.in_bfloat16 = False

    @abstractmethod
    def forward(self, clean: Tensor, u: Tensor, noise: Tensor) -> Tensor:
        """Loss of each crop, (B,). clean, noise (B, N); u (B,) in [0, 1) is the noise level's place in its law.

        1.0 is the loss of a network that knows nothing.
        """

    @abstractmethod
    def validation_levels(self) -> dict[str, float]:
        """The noise levels at which validation reports the loss: a name for each, and its u."""

    def measure(self, draw: DrawCrops) -> None:
        """Set what the network has to know of the data before training from scratch: nothing, for most."""

    def compile_network(self) -> None:
        """torch.compile the part where the time goes, once for each length of crop: there are few."""
        self.network.compile(dynamic=False)


class SpectralObjective(Objective):
    """Denoising score matching with EDM's weighting (Karras et al. 2022, eq. 8), bin by bin.

    The network's F is compared with the F that would have given the clean crop, so that every bin and every noise
    level starts from a loss of 1. sigma^(1/8) is uniform in u, as the sampler's own levels are nearly spaced: a
    log-normal law around the data's level (EDM's choice for images) hardly visits the low levels at which a quiet high
    band is decided, and hiss remains.
    """

    network: SpectralUNet
    band_weights: Tensor
    learning_rate = 6e-4
    crop_seconds = (2.0, 4.0)
    SIGMA_MIN, SIGMA_MAX, POWER = 1e-4, 3.0, 8.0

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(int(config["sample_rate"]))
        self.network = SpectralUNet(**config["architecture"])
        self.frames_multiple = self.network.hop
        self.register_buffer("band_weights", band_weights(self.network.bins, self.sample_rate), persistent=False)

    def forward(self, clean: Tensor, u: Tensor, noise: Tensor) -> Tensor:
        low, high = self.SIGMA_MIN ** (1 / self.POWER), self.SIGMA_MAX ** (1 / self.POWER)
        sigma = (low + u * (high - low)) ** self.POWER
        bands = self.network.analyse(clean)
        noisy = bands + sigma.view(-1, 1, 1, 1) * self.network.analyse(noise)
        scale = self.network.precondition(sigma)
        target = (bands - scale.skip * noisy) / scale.out
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            prediction = self.network.predict_bands(scale.input * noisy, sigma)
        return ((prediction - target).square() * self.band_weights.view(1, 1, -1, 1)).mean(dim=(1, 2, 3))

    def validation_levels(self) -> dict[str, float]:
        low, high = self.SIGMA_MIN ** (1 / self.POWER), self.SIGMA_MAX ** (1 / self.POWER)
        sigmas = (0.0002, 0.001, 0.005, 0.02, 0.1, 0.4, 1.5)
        return {f"sigma {sigma:g}": (sigma ** (1 / self.POWER) - low) / (high - low) for sigma in sigmas}

    def measure(self, draw: DrawCrops) -> None:
        """Set the deviation of each STFT bin over the data, smoothed over a third of an octave, floored at -100 dB."""
        network = self.network
        power = torch.zeros(network.bins)
        frames = 4 * self.sample_rate // network.hop * network.hop
        for crop in torch.from_numpy(draw(240, frames)).split(4):
            power += network.analyse(crop).square().mean(dim=(0, 1, 3)) / 60
        cumulative = F.pad(power.cumsum(0), (1, 0))
        k = torch.arange(network.bins)
        low = (k * 2 ** (-1 / 6)).floor().long().clamp(min=0)
        high = (k * 2 ** (1 / 6)).ceil().long().clamp(max=network.bins - 1) + 1
        smooth = (cumulative[high] - cumulative[low]) / (high - low)
        network.band_std.copy_(smooth.clamp(min=1e-12).sqrt().clamp(min=1e-5 * network.data_rms))

    def compile_network(self) -> None:
        """All but the transform, which works on complex numbers."""
        self.network.predict_bands = torch.compile(self.network.predict_bands, dynamic=False)  # type: ignore[method-assign]


def band_weights(bins: int, sample_rate: int) -> Tensor:
    """(bins,), mean 1: 1 / (f + 1500 Hz). Low bins hold the notes; the top counts too, or it would be left as hiss."""
    frequency = torch.arange(bins) * sample_rate / 2 / bins
    weights = 1 / (frequency + 1500)
    return weights / weights.mean()


class DiffWaveObjective(Objective):
    """The paper's: mean squared error of eps, the timestep uniform over 0..T-1 (Ho et al. 2020, eq. 14)."""

    network: DiffWave
    learning_rate = 2e-4
    crop_seconds = (1.0,)

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(int(config["sample_rate"]))
        schedule = dict(config["schedule"])
        if schedule.pop("kind") != "linear_beta":
            raise NetworkError("DiffWave is trained with a linear beta schedule; this config has another one.")
        self.schedule = NoiseSchedule.linear_beta(int(config["levels"]), **schedule)
        self.network = DiffWave(**config["architecture"])
        scales = torch.tensor([self.schedule.scales(level) for level in range(1, self.schedule.top + 1)])
        self.register_buffer("scales", scales, persistent=False)

    def forward(self, clean: Tensor, u: Tensor, noise: Tensor) -> Tensor:
        index = (u * self.schedule.top).long().clamp(max=self.schedule.top - 1)
        signal, scale = self.scales[index].unsqueeze(-1).unbind(1)  # type: ignore[index]
        x = signal * clean + scale * noise
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            prediction = self.network(x[:, None], index.float())[:, 0]
        return (prediction - noise).square().mean(dim=1)

    def validation_levels(self) -> dict[str, float]:
        top = self.schedule.top
        levels = sorted({max(1, round(top * share)) for share in (0.005, 0.025, 0.1, 0.25, 0.5, 1.0)})
        return {f"t {level}": (level - 0.5) / top for level in levels}


_OBJECTIVES: dict[str, Callable[[Mapping[str, Any]], Objective]] = {
    "spectral_unet": SpectralObjective,
    "diffwave": DiffWaveObjective,
}


def make_objective(config: Mapping[str, Any]) -> Objective:
    """The objective for a network's config (its config.json), with fresh weights. Raises NetworkError."""
    try:
        return _OBJECTIVES[config["kind"]](config)
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError(f"The config does not describe a network that can be trained ({error}).") from error
