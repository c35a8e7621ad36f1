"""What the tests of the networks share."""

import math
from typing import Any

import torch
from torch import Tensor, nn

CPU = torch.device("cpu")


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class GaussianVelocity(nn.Module):
    """The best prediction of v for independent samples of deviation `sd` in every channel."""

    def __init__(self, sd: float) -> None:
        super().__init__()
        self.variance = sd**2

    def forward(self, x: Tensor, time: Tensor, return_dict: bool = False) -> Any:
        alpha, sigma = torch.cos(math.pi / 2 * time)[:, None, None], torch.sin(math.pi / 2 * time)[:, None, None]
        total = alpha**2 * self.variance + sigma**2
        v = (alpha * sigma / total - sigma * alpha * self.variance / total) * x  # alpha E[eps | x] - sigma E[x_0 | x]
        return v if return_dict is None else (v,)
