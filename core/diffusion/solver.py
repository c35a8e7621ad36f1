"""Solvers: one step of the reverse process, from a level to a lower one."""

import math
from typing import Protocol

from torch import Tensor

from core.diffusion.denoiser import Prediction
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge


class Solver(Protocol):
    """Takes x at edge.start to edge.stop, given what the network predicts there and unit noise shaped like x."""

    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor) -> Tensor: ...

    def reset(self) -> None:
        """Forget earlier steps; called after every re-noising move."""


class Ancestral:
    """DDPM's step (Ho et al. 2020, algorithm 2; paper eq. 10), for any two levels.

    A draw of q(x_stop | x_start, x_0 = clean). Between neighbouring levels it is
    x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sigma_t z,
    sigma_t^2 = beta_t (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t), which is 0 on the way to level 0.
    """

    def __init__(self, schedule: NoiseSchedule) -> None:
        self.schedule = schedule

    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor) -> Tensor:
        """x, noise (B, 1, N) -> (B, 1, N)."""
        start, stop = self.schedule.scales(edge.start), self.schedule.scales(edge.stop)
        # Of the noise deviation at `stop`, `fresh` is drawn anew and `kept` is what the network found in x.
        kept = stop.noise**2 * start.signal / (start.noise * stop.signal)
        fresh = math.sqrt(max(0.0, stop.noise**2 - kept**2))
        return stop.signal * prediction.clean + kept * prediction.noise + fresh * noise

    def reset(self) -> None:
        """Nothing is remembered between steps."""
