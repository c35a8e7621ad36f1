"""A test bed with known answers: under a Gaussian-process prior everything is linear, and exact.

The posterior-mean denoiser of a Gaussian prior is a matrix, so is every edge of a walk, and the mean and covariance
of what a sampler makes can be propagated without drawing a single sample. The true conditional distribution of the
unknown part is in any textbook. Their distance (W2, relative to the conditional variance, averaged over the known
part) is a sampler's error, to as many digits as one likes.

The real `sample` runs here, edge by edge, on basis vectors in place of audio and noise.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from core.diffusion.denoiser import Prediction
from core.diffusion.samplers import SAMPLERS
from core.diffusion.sampling import sample
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge
from core.settings import Settings

SAMPLES, KNOWN = 144, 112


def covariance(sd: float) -> np.ndarray:
    """The prior: decaying tones of periods 24, 12 and 7.3 and a little noise, scaled to standard deviation `sd`."""
    lag = np.abs(np.subtract.outer(np.arange(SAMPLES), np.arange(SAMPLES)))
    tau = 2 * np.pi * lag
    shape = (
        0.5 * np.exp(-lag / 60) * np.cos(tau / 24)
        + 0.3 * np.exp(-lag / 60) * np.cos(tau / 12)
        + 0.15 * np.exp(-lag / 40) * np.cos(tau / 7.3)
        + 0.02 * (lag == 0)
    )
    return shape * sd**2 / shape[0, 0]


class GaussianDenoiser:
    """The exact posterior mean under the prior: signal K (signal^2 K + noise^2)^-1 x."""

    def __init__(self, prior: np.ndarray, schedule: NoiseSchedule) -> None:
        self.schedule = schedule
        values, vectors = np.linalg.eigh(prior)
        self._values, self._vectors = torch.from_numpy(values), torch.from_numpy(vectors)

    def __call__(self, x: Tensor, level: float) -> Prediction:
        signal, scale = self.schedule.scales(level)
        gain = signal * self._values / (signal**2 * self._values + scale**2)
        clean = (x @ self._vectors * gain) @ self._vectors.T
        return Prediction(clean, (x - signal * clean) / scale)


class BasisNoise:
    """In place of noise: the identity in the batch rows of one stream, nothing elsewhere."""

    def __call__(self, stream: str, level: float, visit: int, like: Tensor) -> Tensor:
        return basis({"known": 2, "step": 3}[stream])


def basis(block: int) -> Tensor:
    """(4 SAMPLES, 1, SAMPLES), zero but for the identity in a block of rows: 0 state, 1 known audio, 2 and 3 noises."""
    rows = torch.zeros(4, SAMPLES, SAMPLES, dtype=torch.float64)
    rows[block] = torch.eye(SAMPLES, dtype=torch.float64)
    return rows.reshape(4 * SAMPLES, 1, SAMPLES)


@dataclass(frozen=True)
class Result:
    """x_0 = mean_map @ known + Gaussian(covariance), over all SAMPLES."""

    mean_map: np.ndarray
    covariance: np.ndarray


def propagate(sampler: str, settings: Settings, sd: float, schedule: NoiseSchedule) -> Result:
    """The exact distribution of a sampler's output with the exact denoiser."""
    denoiser = GaussianDenoiser(covariance(sd), schedule)
    keep = (torch.arange(SAMPLES) < KNOWN).expand(4 * SAMPLES, 1, SAMPLES)
    walk, solver, conditioning = SAMPLERS[sampler].build(schedule, basis(1), keep, settings)

    @cache
    def matrices(edge: Edge) -> np.ndarray:
        """(4, SAMPLES, SAMPLES): what an edge does to the state, the known audio and two fresh noises."""
        if edge.upward:
            out = schedule.diffuse(basis(0), edge.start, edge.stop, basis(2))
        else:
            *_, state = sample(denoiser, [edge], solver, conditioning, basis(0), BasisNoise())
            out = state.x
        return out.reshape(4, SAMPLES, SAMPLES).transpose(1, 2).numpy()

    mean, spread = np.zeros((SAMPLES, SAMPLES)), np.eye(SAMPLES)
    for edge in walk:
        x, known, noise, step = matrices(edge)
        mean = x @ mean + known
        spread = x @ spread @ x.T + noise @ noise.T + step @ step.T
    return Result(mean, spread)


def relative_error(result: Result, sd: float) -> float:
    """E_y W2^2(sampler, truth) / tr(true conditional covariance), of the unknown part."""
    prior = covariance(sd)
    known, new = slice(None, KNOWN), slice(KNOWN, None)
    regression = np.linalg.solve(prior[known, known], prior[known, new]).T
    true = prior[new, new] - regression @ prior[known, new]
    bias = result.mean_map[new, known] - regression
    spread = result.covariance[new, new]
    root = np.real(sqrtm(true))
    cross = np.real(sqrtm(root @ spread @ root))
    distance = np.trace(bias @ prior[known, known] @ bias.T) + np.trace(spread + true - 2 * cross)
    return float(distance / np.trace(true))
