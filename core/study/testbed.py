"""A test bed with known answers: under a Gaussian-process prior everything is linear, and exact.

The posterior-mean denoiser of a Gaussian prior is a matrix, so the true conditional distribution of the unknown part is
in any textbook, and a sampler's error is its distance from that: W2 squared between the two Gaussians, averaged over
the known part, relative to the conditional's own variance. 0 is perfect; 1 is as wrong as always answering the mean.

`exact_error` propagates mean and covariance through the steps of a sampler, without drawing a sample. `sampled_error`
runs it as it is, for those that are not linear or remember earlier steps, and has an interval.
"""

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.stats import t as student
from torch import Tensor

from core.diffusion.denoiser import Denoiser, Prediction
from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import Composed
from core.diffusion.sampling import sample
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge
from core.extension.settings import Settings

SAMPLES, KNOWN = 144, 112
GROUPS = 16
"""Parts of the draws that are left out in turn, for the interval."""


class Error(NamedTuple):
    """A relative W2 squared, and half the width of its 95 % interval: 0 where it is exact."""

    value: float
    margin: float = 0.0


@dataclass(frozen=True)
class Prior:
    """Decaying tones of periods 24, 12 and 7.3 samples and a little noise, of standard deviation `sd`."""

    sd: float

    @cached_property
    def covariance(self) -> np.ndarray:
        """(SAMPLES, SAMPLES)."""
        lag = np.abs(np.subtract.outer(np.arange(SAMPLES), np.arange(SAMPLES)))
        tau = 2 * np.pi * lag
        shape = (
            0.5 * np.exp(-lag / 60) * np.cos(tau / 24)
            + 0.3 * np.exp(-lag / 60) * np.cos(tau / 12)
            + 0.15 * np.exp(-lag / 40) * np.cos(tau / 7.3)
            + 0.02 * (lag == 0)
        )
        return shape * self.sd**2 / shape[0, 0]

    @cached_property
    def regression(self) -> np.ndarray:
        """(SAMPLES - KNOWN, KNOWN): the unknown part's mean is this times the known part."""
        known, new = slice(None, KNOWN), slice(KNOWN, None)
        return np.linalg.solve(self.covariance[known, known], self.covariance[known, new]).T

    @cached_property
    def conditional(self) -> np.ndarray:
        """(SAMPLES - KNOWN, SAMPLES - KNOWN): the unknown part's covariance, given the known."""
        return self.covariance[KNOWN:, KNOWN:] - self.regression @ self.covariance[:KNOWN, KNOWN:]

    def error(self, mean_map: np.ndarray, spread: np.ndarray) -> float:
        """Of a sampler whose unknown part is mean_map @ known + Gaussian(spread)."""
        bias = mean_map - self.regression
        root = np.real(sqrtm(self.conditional))
        cross = np.real(sqrtm(root @ spread @ root))
        missed = np.trace(bias @ self.covariance[:KNOWN, :KNOWN] @ bias.T)
        return float((missed + np.trace(spread + self.conditional - 2 * cross)) / np.trace(self.conditional))


class GaussianDenoiser:
    """The posterior mean under the prior: signal K (signal^2 K + noise^2)^-1 x, exact.

    reach: each sample is estimated from x within so many samples of it, exactly as well as can be; None: from all of x.
    """

    def __init__(self, prior: Prior, schedule: NoiseSchedule, reach: int | None = None) -> None:
        self.schedule, self._prior, self._reach = schedule, prior, reach
        self._matrix = cache(self._compute)

    def __call__(self, x: Tensor, level: float) -> Prediction:
        signal, scale = self.schedule.scales(level)
        clean = x @ self._matrix(level, x.dtype).T
        return Prediction(clean, (x - signal * clean) / scale)

    def _compute(self, level: float, dtype: torch.dtype) -> Tensor:
        signal, scale = self.schedule.scales(level)
        prior = self._prior.covariance
        noisy = signal**2 * prior + scale**2 * np.eye(SAMPLES)
        if self._reach is None:
            return torch.from_numpy(signal * np.linalg.solve(noisy, prior).T).to(dtype)
        matrix = np.zeros_like(prior)
        for row in range(SAMPLES):
            seen = slice(max(0, row - self._reach), row + self._reach + 1)
            matrix[row, seen] = signal * np.linalg.solve(noisy[seen, seen], prior[seen, row])
        return torch.from_numpy(matrix).to(dtype)


def error_of(settings: Settings, sd: float, denoiser: GaussianDenoiser, draws: int) -> Error:
    """Exact where that can be, else from `draws` draws. Raises SamplerError."""
    sampler = find_sampler(settings.sampler)
    if isinstance(sampler, Composed) and sampler.linear(settings):
        return exact_error(settings, sd, denoiser)
    return sampled_error(settings, sd, denoiser, draws)


def exact_error(settings: Settings, sd: float, denoiser: GaussianDenoiser) -> Error:
    """Of a sampler whose steps are linear, each of them by itself (`Composed.linear`)."""
    prior, schedule = Prior(sd), denoiser.schedule
    sampler = find_sampler(settings.sampler)
    assert isinstance(sampler, Composed)
    walk, solver, conditioning = sampler.build(schedule, _basis(1), _keep(4 * SAMPLES), settings)

    @cache
    def matrices(edge: Edge) -> np.ndarray:
        """(4, SAMPLES, SAMPLES): what an edge does to the state, the known audio and two fresh noises."""
        if edge.upward:
            out = schedule.diffuse(_basis(0), edge.start, edge.stop, _basis(2))
        else:
            *_, state = sample(denoiser, [edge], solver, conditioning, _basis(0), _BasisNoise())
            out = state.x
        return out.reshape(4, SAMPLES, SAMPLES).transpose(1, 2).numpy()

    mean, spread = np.zeros((SAMPLES, SAMPLES)), np.eye(SAMPLES)
    for edge in walk:
        x, known, noise, step = matrices(edge)
        mean = x @ mean + known
        spread = x @ spread @ x.T + noise @ noise.T + step @ step.T
    return Error(prior.error(mean[KNOWN:, :KNOWN], spread[KNOWN:, KNOWN:]))


def sampled_error(settings: Settings, sd: float, denoiser: Denoiser, draws: int, seed: int = 0) -> Error:
    """Of any sampler, from so many draws of the prior and twice as many runs: each draw's known part and its mirror
    image are continued with the same noise, so that their difference shows what the known part did, and their sum
    what the noise did.
    """
    prior = Prior(sd)
    root = np.linalg.cholesky(prior.covariance)
    truth = np.random.default_rng(seed).standard_normal((draws, SAMPLES)) @ root.T
    known = torch.from_numpy(np.concatenate([truth, -truth])[:, None]).float()
    keep = _keep(2 * draws)
    known = torch.where(keep, known, 0.0)
    x = known
    for state in find_sampler(settings.sampler).run(denoiser, known, keep, settings, _PairedNoise(seed)):
        x = state.x  # one at a time: all of them together would fill the memory
    first, second = x[:, 0, KNOWN:].double().numpy().reshape(2, draws, -1)
    answered, made, given = (first - second) / 2, (first + second) / 2, truth[:, :KNOWN]

    def estimate(chosen: np.ndarray) -> float:
        mean_map = np.linalg.lstsq(given[chosen], answered[chosen], rcond=None)[0].T
        left = answered[chosen] - given[chosen] @ mean_map.T  # what is not linear in the known part is spread
        spread = (made[chosen].T @ made[chosen] + left.T @ left) / len(chosen)
        return prior.error(mean_map, spread)

    everything = np.arange(draws)
    whole = estimate(everything)
    parts = [estimate(np.delete(everything, np.s_[group::GROUPS])) for group in range(GROUPS)]
    deviation = math.sqrt((GROUPS - 1) / GROUPS * sum((part - whole) ** 2 for part in parts))  # the jackknife's
    return Error(whole, float(student.ppf(0.975, GROUPS - 1)) * deviation)


def _keep(rows: int) -> Tensor:
    return (torch.arange(SAMPLES) < KNOWN).expand(rows, 1, SAMPLES)


def _basis(block: int) -> Tensor:
    """(4 SAMPLES, 1, SAMPLES), zero but for the identity in a block of rows: 0 state, 1 known audio, 2 and 3 noises."""
    rows = torch.zeros(4, SAMPLES, SAMPLES, dtype=torch.float64)
    rows[block] = torch.eye(SAMPLES, dtype=torch.float64)
    return rows.reshape(4 * SAMPLES, 1, SAMPLES)


class _BasisNoise:
    """In place of noise: the identity in the batch rows of one stream, nothing elsewhere."""

    def __call__(self, stream: str, level: float, visit: int, like: Tensor) -> Tensor:
        return _basis({"known": 2, "step": 3}[stream])


class _PairedNoise:
    """Noise of its own for every row of the first half of the batch, and the same again for the second half."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, stream: str, level: float, visit: int, like: Tensor) -> Tensor:
        half = torch.randn(len(like) // 2, *like.shape[1:], generator=self._generator, dtype=like.dtype)
        return torch.cat([half, half])
