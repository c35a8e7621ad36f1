"""Solvers: one step of the reverse process, from a level to a lower one.

All go by the same identity: with the clean audio and the noise in x_t known, x at any other level is

    x_stop = signal clean + sqrt(noise^2 - fresh) eps + sqrt(fresh) z,    0 <= fresh <= noise^2,

of which the variance `fresh` is drawn anew. They differ in how much of it is, and in what they take for `clean`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor

from core.diffusion.denoiser import Prediction
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge

Predict = Callable[[Tensor, float], Prediction]
"""Another network evaluation: (x, level) -> what it says."""


class Solver(ABC):
    """Takes x at edge.start to edge.stop, given what the network predicts there and unit noise shaped like x."""

    def __init__(self, schedule: NoiseSchedule) -> None:
        self.schedule = schedule

    @abstractmethod
    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor, predict: Predict) -> Tensor:
        """x, noise (B, 1, N) -> (B, 1, N)."""

    def reset(self) -> None:  # noqa: B027 - most remember nothing
        """Forget earlier steps, if any are remembered; called after every re-noising move."""


class DDIM(Solver):
    """DDIM's step (Song et al. 2021, eq. 12): `eta` of the ancestral step's fresh noise deviation.

    eta 1 is DDPM's ancestral step (Ho et al. 2020, algorithm 2; paper eq. 10), a draw of q(x_stop | x_start, x_0 =
    clean). Between neighbouring levels that is
    x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sigma_t z,
    sigma_t^2 = beta_t (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t), which is 0 on the way to level 0.
    eta 0 is deterministic.
    """

    def __init__(self, schedule: NoiseSchedule, eta: float = 1.0) -> None:
        super().__init__(schedule)
        self.eta = eta

    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor, predict: Predict) -> Tensor:
        """x, noise (B, 1, N) -> (B, 1, N)."""
        return _move(self.schedule, edge.stop, prediction, self.eta**2 * _ancestral(self.schedule, edge), noise)


class Decoupled(Solver):
    """The step of decoupled guidance (DING: Moufad et al. 2025): fresh = noise^2 (1 - signal) at edge.stop."""

    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor, predict: Predict) -> Tensor:
        """x, noise (B, 1, N) -> (B, 1, N)."""
        signal, scale = self.schedule.scales(edge.stop)
        return _move(self.schedule, edge.stop, prediction, scale**2 * (1 - signal), noise)


class MultistepSDE(Solver):
    """SDE-DPM-Solver++(2M) (Lu et al. 2022, appendix A; in half-log-SNR lambda = ln(signal / noise)).

    The ancestral step, with the clean estimate drawn on to the middle of the step by the one before:
    clean + h / (2 h_before) (clean - clean_before), h the step's length in lambda. The first step, and the last,
    which has no middle, take the estimate as it is. One evaluation a step.
    """

    def __init__(self, schedule: NoiseSchedule) -> None:
        super().__init__(schedule)
        self._before: tuple[Tensor, float] | None = None

    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor, predict: Predict) -> Tensor:
        """x, noise (B, 1, N) -> (B, 1, N)."""
        clean, before = prediction.clean, self._before
        if edge.stop > 0:
            length = math.log(self.schedule.sigma(edge.start) / self.schedule.sigma(edge.stop))
            self._before = clean, length
            if before is not None:
                clean = clean + 0.5 * length / before[1] * (clean - before[0])
        signal, scale = self.schedule.scales(edge.start)
        onward = Prediction(clean, (x - signal * clean) / scale)
        return _move(self.schedule, edge.stop, onward, _ancestral(self.schedule, edge), noise)

    def reset(self) -> None:
        """The next step is a first one."""
        self._before = None


class Heun(Solver):
    """The probability flow by Heun's method (Karras et al. 2022, algorithm 2): two evaluations a step, but one to
    level 0. Its noise, the churn, is in the walk (`core.diffusion.walk.churned`).
    """

    def step(self, x: Tensor, prediction: Prediction, edge: Edge, noise: Tensor, predict: Predict) -> Tensor:
        """x (B, 1, N) -> (B, 1, N); the noise is not used."""
        euler = _move(self.schedule, edge.stop, prediction, 0.0, noise)
        if edge.stop == 0:
            return euler
        # In x / signal the flow's slope along sigma is the noise; the mean of both ends replaces the first one's.
        signal, scale = self.schedule.scales(edge.stop)
        length = scale - signal * self.schedule.sigma(edge.start)
        return euler + 0.5 * length * (predict(euler, edge.stop).noise - prediction.noise)


def _ancestral(schedule: NoiseSchedule, edge: Edge) -> float:
    """Variance of q(x_stop | x_start, x_0)."""
    start, stop = schedule.scales(edge.start), schedule.scales(edge.stop)
    kept = stop.noise**2 * start.signal / (start.noise * stop.signal)
    return max(0.0, stop.noise**2 - kept**2)


def _move(schedule: NoiseSchedule, level: float, prediction: Prediction, fresh: float, noise: Tensor) -> Tensor:
    """x at `level` by the identity above."""
    signal, scale = schedule.scales(level)
    kept = math.sqrt(max(0.0, scale**2 - fresh))
    return signal * prediction.clean + kept * prediction.noise + math.sqrt(fresh) * noise
