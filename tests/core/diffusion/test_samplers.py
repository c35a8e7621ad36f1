"""What holds for every sampler, whatever the mask, the walk and the seed."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diffusion.denoiser import Metered, Prediction
from core.diffusion.noise import KeyedNoise
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.extension.extension import Extension
from core.extension.settings import Settings
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from tests.core.diffusion.material import Smoother, masks
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.core.tones import chord

choices = st.builds(
    Settings,
    sampler=st.sampled_from(list(SAMPLERS)),
    steps=st.integers(1, 45),
    seed=st.integers(0, 5),
    solver=st.sampled_from(list(SOLVERS)),
    eta=st.floats(0.1, 1),
    lambda_schedule=st.sampled_from(["reverse", "linear", "forward", ((0.0, 0.2), (1.0, 1.0))]),
    jump_length=st.integers(1, 12),
    resamplings=st.integers(1, 3),
    start=st.sampled_from([1.0, 1.0, 0.8, 0.45, 0.1, 0.003]),
)


@settings(max_examples=150, deadline=None)
@given(choices, masks)
def test_any_mask_any_walk_any_length(chosen: Settings, mask: list[bool]) -> None:
    """Costs must be what they said, the same run must give the same samples, and nothing may turn into no number."""
    keep = torch.tensor(mask)[None, None]
    known = torch.where(keep, 0.1 * torch.sin(torch.arange(len(mask)) / 3.0), 0.0)
    results = []
    for _ in range(2):
        meter = Metered(Smoother())
        noise = KeyedNoise(chosen.seed, 0)
        *_, last = SAMPLERS[chosen.sampler].run(meter, known, keep, chosen, noise, known.flip(-1))
        assert (meter.evaluations, meter.gradients) == SAMPLERS[chosen.sampler].cost(chosen)
        assert last.level == 0 and last.x.shape == known.shape and torch.isfinite(last.x).all()
        results.append(last.x)
    assert torch.equal(*results)


def test_shown_the_known_audio_methods_that_differ_in_the_known_part_are_one(tmp_path: Path) -> None:
    """What the network is shown stands in for the known part of x_t, so whatever a method writes there is never seen.
    A comparison of them would compare nothing; zero-shot, they must differ.
    """
    folder = write_tiny_network(tmp_path / "seeing", architecture=SEEING)
    network, denoiser = find_network(str(folder)), load_denoiser(str(folder), torch.device("cpu"))
    made: dict[tuple[str, bool], bytes] = {}
    for sampler in ("interpolation", "replacement", "interpolation-authors"):
        for zero_shot in (False, True):
            chosen = Settings(sampler=sampler, steps=6, zero_shot=zero_shot)
            extension = Extension(denoiser, network, chord(0.6, 4000), 4000, 0.25, chosen)
            for _ in extension.run():
                pass
            made[sampler, zero_shot] = extension.audio().tobytes()
    assert made["interpolation", False] == made["replacement", False]
    assert made["interpolation", True] != made["replacement", True]
    assert len(set(made.values())) == 5  # the authors' has passes of its own at the end


def test_a_sampler_says_its_cost_before_it_runs() -> None:
    """The panel, the progress bar and the ETA all rest on this number."""
    assert SAMPLERS["repaint"].cost(Settings()) == (1910, 0)
    assert SAMPLERS["interpolation"].cost(Settings(steps=37)) == (37, 0)
    assert SAMPLERS["replacement"].cost(Settings(steps=1)) == (1, 0)
    assert SAMPLERS["decoupled"].cost(Settings(steps=50)) == (50, 0)
    assert SAMPLERS["pigdm"].cost(Settings(steps=50)) == (50, 50)
    assert SAMPLERS["reconstruction"].cost(Settings(steps=35)) == (69, 69)  # CQT-Diff+'s setting
    assert SAMPLERS["repaint-authors"].cost(Settings()) == (2003, 0)
    assert SAMPLERS["interpolation-authors"].cost(Settings()) == SAMPLERS["replacement-authors"].cost(Settings())
    assert SAMPLERS["interpolation-authors"].cost(Settings()) == (205, 0)


KEEP = torch.arange(300).expand(1, 1, 300) < 200
KNOWN = torch.where(KEEP, 0.1 * torch.sin(torch.arange(300) / 3.0), 0.0)
GUESS = 0.1 * torch.sin(torch.arange(300) / 5.0).expand(1, 1, 300)


class Listens(Smoother):
    """A network that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[torch.Tensor, float]] = []

    def __call__(self, x: torch.Tensor, level: float) -> Prediction:
        self.asked.append((x.detach(), level))
        return super().__call__(x, level)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_can_begin_with_a_guess(sampler: str) -> None:
    """Breaks when a sampler ignores the start: it would begin with noise, and forget the notes."""
    network, noise = Listens(), KeyedNoise(3, 0)
    chosen = Settings(sampler=sampler, steps=40, start=0.4)
    for _ in SAMPLERS[sampler].run(network, KNOWN, KEEP, chosen, noise, GUESS):
        pass
    x, level = network.asked[0]
    new = ~KEEP
    if sampler == "reconstruction":  # its churn adds a little noise before the first step
        assert 24 < level < 26
    else:
        assert level == pytest.approx(24)
        begun = network.schedule.diffuse(GUESS, 0, level, noise("initial", level, 0, GUESS))
        assert torch.allclose(x[new], begun[new], atol=1e-6)
    assert SAMPLERS[sampler].cost(chosen).evaluations < SAMPLERS[sampler].cost(Settings(sampler=sampler, steps=40))[0]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_from_noise_no_guess_is_looked_at(sampler: str) -> None:
    """Breaks when notes change what is made from noise: the paper's way would no longer be the paper's."""
    chosen = Settings(sampler=sampler, steps=12)
    *_, without = SAMPLERS[sampler].run(Smoother(), KNOWN, KEEP, chosen, KeyedNoise(3, 0))
    *_, given = SAMPLERS[sampler].run(Smoother(), KNOWN, KEEP, chosen, KeyedNoise(3, 0), GUESS)
    assert torch.equal(without.x, given.x)


def test_interpolation_from_further_down_begins_further_along_its_curve() -> None:
    """Breaks when lambda begins at 0 again: the last steps of the paper's curve belong to its last levels."""
    whole, rest = (
        SAMPLERS["interpolation"].build(Smoother().schedule, KNOWN, KEEP, Settings(steps=100, start=start))[2]  # type: ignore[attr-defined]
        for start in (1.0, 0.4)
    )
    curves = [list(conditioning.lambdas.values()) for conditioning in (whole, rest)]
    assert curves[1] == curves[0][-40:] and curves[1][0] > 0
