"""Conditioning: how the known audio enters the walk.

`keep` is True where audio is known, so extending to either side and filling a gap are one and the same. What needs a
gradient through the network is in `core.diffusion.guidance`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.diffusion.denoiser import Denoiser, Prediction
from core.diffusion.noise import NoiseSource
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge


class Conditioning:
    """Where a method may act on a step down. This one never does: the network makes up everything.

    Everything is (B, 1, N). `visit` counts the earlier steps down from edge.start.
    """

    def enter(self, x: Tensor, edge: Edge, visit: int, noise: NoiseSource) -> Tensor:
        """x at edge.start, before the network sees it."""
        return x

    def predict(self, denoiser: Denoiser, x: Tensor, level: float) -> Prediction:
        """What the solver is told that the network says of x; one evaluation."""
        with torch.no_grad():
            return denoiser(x, level)

    def leave(self, x: Tensor, prediction: Prediction, edge: Edge) -> Tensor:
        """x at edge.stop, after the step, and the prediction that led there."""
        return x


class WithKnown(Conditioning):
    """One that has the known audio. known, keep: (B, 1, N), keep bool, True where it is known."""

    def __init__(self, schedule: NoiseSchedule, known: Tensor, keep: Tensor) -> None:
        self.schedule, self.known, self.keep = schedule, known, keep


class Replace(WithKnown):
    """The known part of x_t is overwritten by the known audio noised to that level (paper, eq. 16 and 18).

    Alone it is the "do-nothing" baseline; on a walk with jumps it is RePaint.
    """

    def enter(self, x: Tensor, edge: Edge, visit: int, noise: NoiseSource) -> Tensor:
        """x at edge.start with the known part replaced."""
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
        """x at edge.start with the known part blended."""
        blend = torch.lerp(self._known_at(edge.start, visit, noise), x, self.lambdas[edge.start])
        return torch.where(self.keep, blend, x)


class Decouple(WithKnown):
    """Decoupled guidance, in its form with one evaluation a step (DING: Moufad et al. 2025, arXiv 2512.18365).

    The likelihood of the known audio is not asked at x_t's own clean estimate, but with the noise that the network
    finds in x_t held fixed. That leaves a Gaussian to draw from, without a gradient: the known part of x at edge.stop
    is signal known + noise eps. It belongs with the `Decoupled` solver, which moves the unknown part. The last step,
    to level 0, is left as the network says.
    """

    def leave(self, x: Tensor, prediction: Prediction, edge: Edge) -> Tensor:
        """x at edge.stop with the known part put in its place."""
        if edge.stop == 0:
            return x
        signal, noise = self.schedule.scales(edge.stop)
        return torch.where(self.keep, signal * self.known + noise * prediction.noise, x)
