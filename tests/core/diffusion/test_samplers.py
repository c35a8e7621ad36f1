"""What holds for every sampler, whatever the mask, the walk and the seed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diffusion.denoiser import Metered, Prediction
from core.diffusion.guidance import hann_edges
from core.diffusion.noise import KeyedNoise
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.diffusion.schedule import NoiseSchedule
from core.errors import SettingsError
from core.extension.extension import Extension
from core.extension.recipe import describe_sampler
from core.extension.settings import Settings, parse_curve
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.core.tones import chord


class Smoother:
    """A network of one line: the clean audio is a smoothed x_t."""

    def __init__(self) -> None:
        self.schedule = NoiseSchedule.power_sigma(60, 1e-3, 5.0, 7.0)

    def __call__(self, x: torch.Tensor, level: float) -> Prediction:
        signal, noise = self.schedule.scales(level)
        clean = torch.tanh(torch.nn.functional.avg_pool1d(x, 3, 1, 1)) / (1 + noise)
        return Prediction(clean, (x - signal * clean) / noise)


masks = st.lists(st.booleans(), min_size=1, max_size=40)
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
        *_, last = SAMPLERS[chosen.sampler].run(meter, known, keep, chosen, noise)
        assert (meter.evaluations, meter.gradients) == SAMPLERS[chosen.sampler].cost(chosen)
        assert last.level == 0 and last.x.shape == known.shape and torch.isfinite(last.x).all()
        results.append(last.x)
    assert torch.equal(*results)


@settings(max_examples=50, deadline=None)
@given(masks, st.integers(1, 20))
def test_hann_edges_rise_from_every_unknown_sample(mask: list[bool], frames: int) -> None:
    """The projection fades within the known part only: 0 at the unknown, 1 from `frames` away, rising between."""
    weights = hann_edges(torch.tensor(mask)[None, None], frames)[0, 0].numpy()
    unknown = np.flatnonzero(~np.array(mask))
    for place, weight in enumerate(weights):
        distance = min((abs(place - u) for u in unknown), default=frames)
        assert weight == pytest.approx(np.sin(np.pi / 2 * min(1, distance / frames)) ** 2, abs=1e-6)


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


def test_ddim_without_noise_is_refused_where_known_audio_is_pasted() -> None:
    """It fails badly: x_t would keep the seams of every step."""
    with pytest.raises(SettingsError, match="eta above 0"):
        Settings(sampler="replacement", solver="ddim", eta=0.0)
    Settings(sampler="decoupled", solver="ddim", eta=0.0)  # has a solver of its own, and ignores these
    with pytest.raises(SettingsError, match="between 0 and 1"):
        Settings(eta=1.5)
    with pytest.raises(SettingsError, match="Did you mean ddim"):
        Settings(solver="dim")


@pytest.mark.parametrize("text", ["0:0,1", "0:0,0.5:0.5", "0:0,1:2", "0.1:0,1:1", "0:0,0.5:1,0.5:0,1:1", "a:b", "0:0"])
def test_a_lambda_curve_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="lambda curve"):
        parse_curve(text)


def test_a_drawn_curve_comes_back_from_a_recipe() -> None:
    """JSON knows no tuples; the settings it makes must be the same ones."""
    drawn = Settings(lambda_schedule=((0.0, 0.0), (0.5, 0.25), (1.0, 1.0)))
    assert Settings(lambda_schedule=[list(point) for point in drawn.lambda_schedule]) == drawn  # type: ignore[arg-type]
    assert parse_curve("0:0,0.5:0.25,1:1") == drawn.lambda_schedule
    described = describe_sampler(drawn, SAMPLERS[drawn.sampler])
    assert described["lambda"] == drawn.lambda_schedule
    assert described["solver"] == "ancestral" and "eta" not in described


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
