"""The methods as the paper's authors published them."""


import pytest
import torch

from core.diffusion.denoiser import Prediction
from core.diffusion.noise import KeyedNoise
from core.diffusion.samplers import SAMPLERS
from core.diffusion.schedule import NoiseSchedule
from core.extension.settings import Settings
from tests.core.diffusion.material import Smoother


@pytest.mark.parametrize("sampler", ["interpolation-authors", "replacement-authors", "repaint-authors"])
def test_the_authors_clamp_x_t(sampler: str) -> None:
    """Their program clamps x_t itself, which ours never does: it is the departure that changes most."""
    keep = torch.arange(400).expand(1, 1, 400) < 300
    known = 0.1 * torch.sin(torch.arange(400) / 3.0).expand(1, 1, 400)
    plain = sampler.removesuffix("-authors")
    highest = {}
    for name in (sampler, plain):
        run = SAMPLERS[name].run(Smoother(), known, keep, Settings(sampler=name, steps=40), KeyedNoise(1, 0))
        highest[name] = max(float(state.x.abs().max()) for state in run)
    assert highest[sampler] <= 1 < highest[plain]


def test_the_authors_repaint_goes_by_their_indices() -> None:
    """Levels asked for: straight down, but at n = 10, 20, ... ten times from index n + 9 down to n; three more at 0."""
    asked: list[int] = []

    class Listens(Smoother):
        def __init__(self) -> None:
            self.schedule = NoiseSchedule.linear_beta()

        def __call__(self, x: torch.Tensor, level: float) -> Prediction:
            asked.append(round(level) - 1)
            return super().__call__(x, level)

    keep = torch.arange(20).expand(1, 1, 20) < 10
    for _ in SAMPLERS["repaint-authors"].run(
        Listens(), torch.zeros(1, 1, 20), keep, Settings(sampler="repaint-authors"), KeyedNoise(1, 0)
    ):
        pass
    assert len(asked) == 2003
    assert asked[:21] == list(range(199, 178, -1))
    assert asked[21:41] == [*range(189, 179, -1), *range(189, 179, -1)]
    assert asked[-3:] == [0, 0, 0]
