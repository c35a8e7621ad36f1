"""Every sampler against the closed-form conditional of a Gaussian process. The figures were computed independently."""

import numpy as np
import pytest
import torch

from core.diffusion.conditioning import Conditioning
from core.diffusion.sampling import sample
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.solver import DDIM, Heun, MultistepSDE, Solver
from core.diffusion.walk import churned, strided
from core.extension.settings import Settings
from core.study.testbed import SAMPLES, GaussianDenoiser, Prior, exact_error, sampled_error

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(
    ("sampler", "steps", "sd", "expected"),
    [
        ("replacement", 200, 0.25, 0.192),
        ("interpolation", 200, 0.25, 0.198),
        ("repaint", 200, 0.25, 0.020),
        ("repaint", 200, 0.1, 0.035),
        ("decoupled", 50, 0.25, 0.011),
        ("decoupled", 100, 0.25, 0.005),
        ("decoupled", 200, 0.25, 0.002),
        ("decoupled", 50, 0.1, 0.024),
        ("decoupled", 100, 0.1, 0.014),
        ("decoupled", 200, 0.1, 0.009),
    ],
)
def test_error_of_each_sampler_is_the_known_one(sampler: str, steps: int, sd: float, expected: float) -> None:
    """Any slip in a variance, an index, the order of mixing and stepping, or the walk moves these figures."""
    denoiser = GaussianDenoiser(Prior(sd), NoiseSchedule.linear_beta())
    error = exact_error(Settings(sampler=sampler, steps=steps), sd, denoiser)
    assert error.value == pytest.approx(expected, abs=0.0006)


@pytest.mark.parametrize("sampler", ["replacement", "decoupled"])
def test_the_sampled_error_agrees_with_the_exact_one(sampler: str) -> None:
    """The draws are all there is for samplers that aren't linear; a biased estimate would rank them wrongly."""
    settings = Settings(sampler=sampler, steps=50)
    denoiser = GaussianDenoiser(Prior(0.25), NoiseSchedule.linear_beta())
    exact = exact_error(settings, 0.25, denoiser).value
    sampled = sampled_error(settings, 0.25, denoiser, draws=1500)
    assert sampled.value == pytest.approx(exact, abs=2 * sampled.margin + 0.005)
    assert 0 < sampled.margin < 0.02


@pytest.mark.parametrize(
    ("sampler", "steps", "low", "high"), [("pigdm", 100, 0.09, 0.14), ("reconstruction", 35, 0.04, 0.12)]
)
def test_guidance_is_better_than_replacement_and_worse_than_decoupled(
    sampler: str, steps: int, low: float, high: float
) -> None:
    """A gradient of the wrong sign or scale would be no better than not guiding at all (0.19), or fly apart."""
    denoiser = GaussianDenoiser(Prior(0.25), NoiseSchedule.linear_beta())
    error = sampled_error(Settings(sampler=sampler, steps=steps), 0.25, denoiser, draws=600)
    assert low < error.value < high


def test_a_short_reach_makes_every_sampler_worse() -> None:
    """A network that sees 12 samples can't carry a period of 24 on; the bed must show that, or it shows nothing."""
    settings, schedule = Settings(sampler="decoupled", steps=100), NoiseSchedule.linear_beta()
    full = exact_error(settings, 0.25, GaussianDenoiser(Prior(0.25), schedule)).value
    short = exact_error(settings, 0.25, GaussianDenoiser(Prior(0.25), schedule, reach=6)).value
    assert short > 5 * full
    wide = exact_error(settings, 0.25, GaussianDenoiser(Prior(0.25), schedule, reach=SAMPLES)).value
    assert wide == pytest.approx(full, rel=1e-6)


@pytest.mark.parametrize(
    ("solver", "steps", "churn", "bound"),
    [(DDIM, 200, 0, 0.05), (MultistepSDE, 40, 0, 0.05), (Heun, 40, 0, 0.02), (Heun, 40, 10, 0.02)],
)
def test_without_known_audio_the_prior_comes_out(
    solver: type[DDIM] | type[Heun] | type[MultistepSDE], steps: int, churn: int, bound: float
) -> None:
    """A solver that adds or loses noise would make everything too loud or too quiet, whatever the network is."""
    schedule = NoiseSchedule.power_sigma(200, 5e-4, 30.0, 7.0)
    prior = Prior(1.0)
    chosen: Solver = solver(schedule)
    walk = strided(200, steps)
    if churn:
        walk = churned(walk, schedule, churn, steps)
    generator = torch.Generator().manual_seed(1)

    def noise(stream: str, level: float, visit: int, like: torch.Tensor) -> torch.Tensor:
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)

    x = torch.randn(6000, 1, SAMPLES, generator=generator)
    *_, state = sample(GaussianDenoiser(prior, schedule), walk, chosen, Conditioning(), x, noise)
    made = state.x[:, 0].double()
    values, vectors = np.linalg.eigh(prior.covariance)
    strong = values > 0.1 * values.max()
    power = (made @ torch.from_numpy(vectors[:, strong].copy())).square().mean(0).numpy()
    assert abs(10 * np.log10(power.sum() / values[strong].sum())) < 10 * np.log10(1 + bound) + 0.1
