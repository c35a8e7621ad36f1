"""Noise schedules: how much of the signal and how much noise there is at each level.

x_t = signal(t) x_0 + noise(t) eps  (paper, eq. 8), with signal^2 + noise^2 = 1. Levels run from 0 (clean) to T; the
paper's t, which indexes beta and the network's timestep, is level - 1. Levels between two whole ones are
interpolated, so that a walk may take any number of steps.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor


class Scales(NamedTuple):
    """Deviation of the signal (as a factor) and of the noise at a level."""

    signal: float
    noise: float


class NoiseSchedule:
    """A variance-preserving schedule, given by alpha_bar at the levels 1..T. Everything is computed in float64.

    Raises ValueError unless alpha_bar falls strictly from below 1 to above 0.
    """

    def __init__(self, alpha_bar: Sequence[float] | np.ndarray) -> None:
        values = np.asarray(alpha_bar, dtype=np.float64)
        if not (values.ndim == 1 and len(values) and (np.diff(values, prepend=1.0) < 0).all() and values[-1] > 0):
            raise ValueError("alpha_bar must fall strictly, between 1 and 0")
        self.top = len(values)
        # ln(noise / signal), in which schedules are nearly straight; level 0 would be minus infinity
        self._log_sigma = 0.5 * (np.log1p(-values) - np.log(values))

    @classmethod
    def linear_beta(cls, levels: int = 200, first: float = 1e-4, last: float = 0.02) -> "NoiseSchedule":
        """DDPM's: beta linear from `first` to `last` (the paper's DiffWave: 200 levels, 1e-4 to 0.02)."""
        return cls.from_betas(np.linspace(first, last, levels))

    @classmethod
    def from_betas(cls, betas: Sequence[float] | np.ndarray) -> "NoiseSchedule":
        """By beta at the levels 1..T (paper, eq. 2), whatever they are."""
        return cls(np.cumprod(1 - np.asarray(betas, dtype=np.float64)))

    @classmethod
    def power_sigma(cls, levels: int, sigma_min: float, sigma_max: float, rho: float) -> "NoiseSchedule":
        """EDM's spacing (Karras et al. 2022, eq. 5) of sigma = noise / signal: sigma^(1/rho) linear in the level."""
        ramp = np.linspace(sigma_min ** (1 / rho), sigma_max ** (1 / rho), levels)
        return cls(1 / (1 + ramp ** (2 * rho)))

    @classmethod
    def crash(cls, levels: int) -> "NoiseSchedule":
        """Dance Diffusion's, after CRASH (Rouard and Hadjeres 2021): noise = sin^2(pi u / 2) with u even in 0..1.

        u = level / (T + 1), since at u = 1 there would be no signal left at all.
        """
        noise = np.sin(np.pi / 2 * np.arange(1, levels + 1) / (levels + 1)) ** 2
        return cls(1 - noise**2)

    def sigma(self, level: float) -> float:
        """noise / signal at a level in 0..T."""
        if not 0 <= level <= self.top:
            raise ValueError(f"level {level} is outside 0..{self.top}")
        if level >= 1:
            return math.exp(float(np.interp(level - 1, np.arange(self.top), self._log_sigma)))
        return level * math.exp(float(self._log_sigma[0]))  # straight down to no noise at all

    def level(self, sigma: float) -> float:
        """The level in 0..T at which noise / signal is `sigma`; T where it is more than at T."""
        lowest = math.exp(float(self._log_sigma[0]))
        if sigma <= lowest:
            return sigma / lowest
        return 1 + float(np.interp(math.log(sigma), self._log_sigma, np.arange(self.top)))

    def scales(self, level: float) -> Scales:
        """(signal, noise) at a level in 0..T."""
        sigma = self.sigma(level)
        signal = 1 / math.sqrt(1 + sigma * sigma)
        return Scales(signal, sigma * signal)

    def diffuse(self, x: Tensor, start: float, stop: float, noise: Tensor) -> Tensor:
        """A draw of q(x_stop | x_start), stop >= start: forward noising from 0, RePaint's jump back from elsewhere.

        x_stop = r x_start + sqrt(noise_stop^2 - r^2 noise_start^2) eps,  r = signal_stop / signal_start.

        Between neighbouring levels of a beta schedule that is eq. 2, sqrt(1 - beta) x + sqrt(beta) eps.
        """
        if stop < start:
            raise ValueError("diffuse only adds noise")
        a, b = self.scales(start), self.scales(stop)
        ratio = b.signal / a.signal
        variance = max(0.0, b.noise**2 - (ratio * a.noise) ** 2)
        return ratio * x + math.sqrt(variance) * noise
