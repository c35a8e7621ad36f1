"""Conditioning: how the known audio enters the walk.

`keep` is True where audio is known, so extending to either side and filling a gap are one and the same.
"""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from core.diffusion.noise import NoiseSource
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge


class Conditioning(Protocol):
    """`enter` is called with x at edge.start before the network sees it; `visit` counts earlier calls there."""

    def enter(self, x: Tensor, edge: Edge, visit: int, noise: NoiseSource) -> Tensor: ...


class Unconditional:
    """No known audio: the network makes up everything."""

    def enter(self, x: Tensor, edge: Edge, visit: int, noise: NoiseSource) -> Tensor:
        """x as it is."""
        return x


class Replace:
    """The known part of x_t is overwritten by the known audio noised to that level (paper, eq. 16 and 18).

    Alone it is the "do-nothing" baseline; on a walk with jumps it is RePaint.

    known, keep: (B, 1, N), keep bool.
    """

    def __init__(self, schedule: NoiseSchedule, known: Tensor, keep: Tensor) -> None:
        self.schedule, self.known, self.keep = schedule, known, keep

    def enter(self, x: Tensor, edge: Edge, visit: int, noise: NoiseSource) -> Tensor:
        """x (B, 1, N) at edge.start -> the same with the known part replaced."""
        return torch.where(self.keep, self._known_at(edge.start, visit, noise), x)

    def _known_at(self, level: float, visit: int, noise: NoiseSource) -> Tensor:
        return self.schedule.diffuse(self.known, 0, level, noise("known", level, visit, self.known))


class Interpolate(Replace):
    """Interpolation guidance (paper, eq. 20-21): the known part becomes (1 - lambda) known_t + lambda x_t.

    Two independent noises are mixed, so the known part ends with (1 - lambda)^2 + lambda^2 of the noise variance
    that the network expects. That is the paper's method, and kept.

    lambdas: lambda by edge.start, for every downward edge of the walk.
    """

    def __init__(self, schedule: NoiseSchedule, known: Tensor, keep: Tensor, lambdas: Mapping[float, float]) -> None:
        super().__init__(schedule, known, keep)
        self.lambdas = lambdas

    def enter(self, x: Tensor, edge: Edge, visit: int, noise: NoiseSource) -> Tensor:
        """x (B, 1, N) at edge.start -> the same with the known part blended."""
        blend = torch.lerp(self._known_at(edge.start, visit, noise), x, self.lambdas[edge.start])
        return torch.where(self.keep, blend, x)
