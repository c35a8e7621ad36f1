"""Every sampler against the closed-form conditional of a Gaussian process. The figures were computed independently."""

import numpy as np
import pytest

from core.diffusion.conditioning import Unconditional
from core.diffusion.sampling import sample
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.solver import Ancestral
from core.diffusion.walk import strided
from core.settings import Settings
from tests.engine.gaussian import (
    SAMPLES,
    BasisNoise,
    GaussianDenoiser,
    basis,
    covariance,
    propagate,
    relative_error,
)


@pytest.mark.parametrize(
    ("sampler", "sd", "expected"),
    [
        ("replacement", 0.25, 0.192),
        ("interpolation", 0.25, 0.198),
        ("repaint", 0.25, 0.020),
        ("repaint", 0.1, 0.035),
    ],
)
def test_error_of_each_sampler_is_the_known_one(sampler: str, sd: float, expected: float) -> None:
    """Any slip in a variance, an index, the order of mixing and stepping, or the walk moves these figures."""
    result = propagate(sampler, Settings(sampler=sampler), sd, NoiseSchedule.linear_beta())
    assert relative_error(result, sd) == pytest.approx(expected, abs=0.0006)


def test_without_known_audio_the_prior_comes_out() -> None:
    """Ancestral sampling with the exact denoiser must make the prior: else the solver adds or loses noise."""
    schedule = NoiseSchedule.power_sigma(200, 5e-4, 30.0, 7.0)
    prior = covariance(1.0)
    denoiser = GaussianDenoiser(prior, schedule)
    spread = np.eye(SAMPLES)
    for edge in strided(200, 200):
        (state,) = sample(denoiser, [edge], Ancestral(schedule), Unconditional(), basis(0), BasisNoise())
        x, _, _, step = state.x.reshape(4, SAMPLES, SAMPLES).transpose(1, 2).numpy()
        spread = x @ spread @ x.T + step @ step.T
    assert np.linalg.norm(spread - prior) / np.linalg.norm(prior) < 0.05
