"""What holds for every sampler, whatever the mask, the walk and the seed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diffusion.denoiser import Metered, Prediction
from core.diffusion.noise import KeyedNoise
from core.diffusion.samplers import SAMPLERS, SOLVERS, Composed
from core.diffusion.walk import spread_levels
from core.errors import SettingsError
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
    start=st.sampled_from([0.03, 0.45, 0.8, 1.0, 1.0]),
)


@settings(max_examples=150, deadline=None)
@given(choices, masks)
def test_any_mask_any_walk_any_length(chosen: Settings, mask: list[bool]) -> None:
    """Costs must be what they said, the same run must give the same samples, and nothing may turn into no number."""
    keep = torch.tensor(mask)[None, None]
    known = torch.where(keep, 0.1 * torch.sin(torch.arange(len(mask)) / 3.0), 0.0)
    sampler = SAMPLERS[chosen.sampler]
    if not isinstance(sampler, Composed):
        chosen = replace(chosen, start=1.0)
    begin = 0.2 * torch.cos(torch.arange(len(mask)) / 5.0)[None, None]
    results = []
    for _ in range(2):
        meter = Metered(Smoother())
        noise = KeyedNoise(chosen.seed, 0)
        *_, last = sampler.run(meter, known, keep, chosen, noise, begin)
        assert (meter.evaluations, meter.gradients) == sampler.cost(chosen)
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


class Spy(Smoother):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[torch.Tensor, float]] = []

    def __call__(self, x: torch.Tensor, level: float) -> Prediction:
        self.seen.append((x.clone(), level))
        return super().__call__(x, level)


def test_a_late_start_is_the_rest_of_the_walk_from_what_is_given() -> None:
    """SDEdit: x begins as the given audio under just the noise of the level where the walk is then. Breaks when the
    level, the noise's stream or the density of the walk is another than from noise.
    """
    known, keep = torch.zeros(1, 1, 4000), torch.zeros(1, 1, 4000, dtype=torch.bool)
    begin = torch.sin(torch.arange(4000) / 7.0)[None, None]
    denoiser = Smoother()
    noise = KeyedNoise(3, 0)
    for name in ("replacement", "repaint", "reconstruction"):
        whole = Settings(sampler=name, steps=40)
        for start in (0.1, 0.45, 0.999):
            late = replace(whole, start=start)
            walk, *_ = SAMPLERS[name].build(denoiser.schedule, known, keep, late)  # type: ignore[attr-defined]
            level = spread_levels(denoiser.schedule.top, 40)[round(start * 40)]
            assert walk[0].start == level and walk[-1].stop == 0
            spy = Spy()
            next(iter(SAMPLERS[name].run(spy, known, keep, late, noise, begin)))
            x, at = spy.seen[0]
            if name == "replacement":
                signal, scale = denoiser.schedule.scales(level)
                drawn = noise("initial", denoiser.schedule.top, 0, known)
                assert at == level and torch.allclose(x, signal * begin + scale * drawn, atol=1e-5)


def test_samplers_that_begin_from_noise_say_so(tmp_path: Path) -> None:
    """A start that is passed over in silence would look like one that was taken."""
    for name in ("interpolation-authors", "repaint-authors", "replacement-authors"):
        with pytest.raises(SettingsError, match="begins from noise"):
            SAMPLERS[name].check_start(Settings(sampler=name, start=0.5))
        SAMPLERS[name].check_start(Settings(sampler=name))


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
