"""What networks are trained to do: losses with known values, noise levels that cover their range."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from core.errors import NetworkError
from core.networks.registry import find_network
from core.networks.spectral_unet import Seen
from core.training.denoising import DenoisingObjective, DiffWaveObjective, SpectralObjective, band_weights
from core.training.design import read_design
from core.training.objectives import make_objective
from tests.core.training.conftest import DIFFWAVE


def diffwave() -> DiffWaveObjective:
    objective = make_objective(DIFFWAVE, Path("design"))
    assert isinstance(objective, DiffWaveObjective)
    return objective


@pytest.fixture
def spectral(design: Path) -> SpectralObjective:
    objective = make_objective(json.loads((design / "config.json").read_text()), design)
    assert isinstance(objective, SpectralObjective)
    return objective


def nothing(clean: torch.Tensor) -> torch.Tensor:
    """The mask of a crop of which the network is shown nothing."""
    return torch.zeros_like(clean, dtype=torch.bool)


@pytest.fixture
def conditional(design: Path) -> SpectralObjective:
    """The design with both of its options: the finer transform and sight of the known audio."""
    config = json.loads((design / "config.json").read_text())
    config["architecture"] |= {"fine_fft": 2 * config["architecture"]["n_fft"], "sees_known": True}
    objective = make_objective(config, design)
    assert isinstance(objective, SpectralObjective)
    objective.measure(dark_noise)
    return objective


def dark_noise(count: int, frames: int) -> np.ndarray:
    """(count, frames) float32: noise that falls with frequency, as music does."""
    white = np.random.default_rng(1).standard_normal((count, frames))
    return np.asarray(lfilter([0.02], [1, -0.95], white), np.float32)


def test_a_spectral_network_that_knows_nothing_has_a_loss_of_1(spectral: SpectralObjective) -> None:
    """With bins measured on the data the target has unit variance at every noise level: else one is not learned."""
    spectral.measure(dark_noise)
    clean = torch.from_numpy(dark_noise(8, 8192))
    noise = torch.randn(8, 8192, generator=torch.Generator().manual_seed(0))
    for u in (0.1, 0.5, 0.9):
        with torch.no_grad():
            loss = spectral(clean, torch.full((8,), u), noise, nothing(clean))
        assert loss.shape == (8,) and float(loss.mean()) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("change", [0.1, 10.0])
def test_a_crop_that_is_darker_or_brighter_than_the_data_counts_as_much(
    spectral: SpectralObjective, change: float
) -> None:
    """Against the data's mean spectrum a dark recording would have next to no loss in the treble, whatever the network
    does there, and a bright one would drown all others."""
    spectral.measure(dark_noise)
    clean = torch.from_numpy(change * dark_noise(8, 8192))
    noise = torch.randn(8, 8192, generator=torch.Generator().manual_seed(0))
    measured = spectral.network.band_std.clone()
    u = torch.full((8,), 0.1)  # a noise level at which either can be seen
    with torch.no_grad():
        of_data = spectral(clean, u, noise, nothing(clean))
        spectral.network.band_std.copy_(change * measured)
        of_crop = spectral(clean, u, noise, nothing(clean))
    assert float(of_crop.mean()) == pytest.approx(1.0, abs=0.25)
    # What the data's Wiener gain makes of another crop costs something, but no more than that.
    assert 0.7 < float(of_data.mean()) < 5


def test_weights_follow_from_the_input_alone(spectral: SpectralObjective) -> None:
    """Weights that knew the clean crop would make the best estimate lean towards what weighs more: quieter crops. Where
    noise hides a crop, a loud and a quiet one must weigh the same."""
    spectral.measure(dark_noise)
    noise = torch.randn(1, 2**18, generator=torch.Generator().manual_seed(0))
    for level in (1.0, 0.01):
        clean = torch.from_numpy(level * dark_noise(1, 2**18))
        seen = spectral.network.see(clean + 2.5 * noise, torch.tensor([2.5]))
        importance = spectral._importance(seen)[0, 32:, 0]  # lower bins have too few samples to show nothing surely
        torch.testing.assert_close(importance, spectral.band_weights[32:], rtol=1e-3, atol=0.0)


def test_known_frames_count_a_tenth(conditional: SpectralObjective, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to learn from them: at full weight they would be most of the loss of half of the crops."""
    clean = torch.from_numpy(dark_noise(2, 16384))
    noise = torch.randn(2, 16384, generator=torch.Generator().manual_seed(0))
    u, keep = torch.full((2,), 0.5), torch.arange(16384).expand(2, -1) < 8192
    frames = 16384 // conditional.network.hop + 1
    errors = torch.zeros(frames)
    errors[: frames // 2] = 1.0  # all of it where the audio is known

    def importance(seen: Seen) -> torch.Tensor:
        return errors.expand(len(seen.bands), seen.bands.shape[2], -1)

    monkeypatch.setattr(conditional, "_importance", importance)
    with torch.no_grad():
        everywhere = conditional(clean, u, noise, nothing(clean))
        errors[:] = 1 - errors
        elsewhere = conditional(clean, u, noise, keep)
        errors[:] = 1 - errors
        there = conditional(clean, u, noise, keep)
    assert (there < 0.2 * elsewhere).all() and (there < 0.2 * everywhere).all()


def test_the_part_to_be_made_is_noisy_and_the_known_part_is_not(
    conditional: SpectralObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leak of the part to be made would train a network that can't continue; a network without sight gets none."""
    clean = torch.from_numpy(dark_noise(1, 16384))
    noise = torch.randn(1, 16384, generator=torch.Generator().manual_seed(0))
    keep = torch.arange(16384)[None] < 8192
    seen: list[torch.Tensor] = []
    views = conditional.network.views

    def spy(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return views(x)

    monkeypatch.setattr(conditional.network, "views", spy)
    u = torch.tensor([0.5])
    for sees in (True, False):
        conditional.network.sees_known = sees
        conditional(clean, u, noise, keep)
    given, blind = seen
    assert torch.equal(given[keep], clean[keep]) and torch.equal(given[~keep], blind[~keep])
    assert not torch.allclose(blind[keep], clean[keep])
    sigma = float((blind - clean).std() / noise.std())
    torch.testing.assert_close(blind, clean + sigma * noise, rtol=1e-3, atol=1e-4)


def test_the_measured_bins_follow_the_data(spectral: SpectralObjective) -> None:
    """A falling spectrum: equal deviations would leave the top bins invisible at low noise."""
    spectral.measure(dark_noise)
    measured = spectral.network.band_std
    assert float(measured[2:6].mean()) > 5 * float(measured[-20:].mean())


def test_low_bins_weigh_more_and_the_mean_weight_is_1() -> None:
    """Notes live low; a mean other than 1 would make losses of different designs incomparable."""
    weights = band_weights(1024, 22050)
    assert float(weights.mean()) == pytest.approx(1.0) and bool((weights.diff() < 0).all())


@pytest.mark.parametrize("index", [0, 1, 57, 199])
def test_diffwave_sees_x_t_of_the_paper_and_is_asked_for_eps(index: int) -> None:
    """Eq. 8 with the timestep as index: an off-by-one would train every step on its neighbour's noise."""
    objective = diffwave()
    clean, noise = torch.randn(2, 3, 500, generator=torch.Generator().manual_seed(0)).unbind(0)
    alpha_bar = np.cumprod(1 - np.linspace(1e-4, 0.02, 200))[index]
    x_t = np.sqrt(alpha_bar) * clean + np.sqrt(1 - alpha_bar) * noise
    seen: dict[str, torch.Tensor] = {}

    class Spy(torch.nn.Module):
        def forward(self, x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
            seen["x"], seen["step"] = x, step
            return torch.zeros_like(x)

    objective.network = Spy()  # type: ignore[assignment]
    loss = objective(clean, torch.full((3,), (index + 0.5) / 200), noise, nothing(clean))
    torch.testing.assert_close(seen["x"][:, 0], x_t.float())
    assert seen["step"].tolist() == [float(index)] * 3
    torch.testing.assert_close(loss, noise.square().mean(dim=1))


def test_fresh_diffwave_has_the_loss_of_knowing_nothing() -> None:
    """Its last layer starts at zero, so the first loss is the variance of eps."""
    objective = diffwave()
    noise = torch.randn(4, 2000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        loss = objective(torch.zeros(4, 2000), torch.rand(4), noise, nothing(noise))
    assert float(loss.mean()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kind", ["spectral", "diffwave"])
def test_validation_levels_lie_inside_the_law_and_rise(kind: str, spectral: SpectralObjective) -> None:
    """A level outside would be validated at noise that is never trained on."""
    objective: DenoisingObjective = spectral if kind == "spectral" else diffwave()
    places = list(objective.validation_levels().values())
    assert len(places) >= 5 and places == sorted(places) and places[0] >= 0 and places[-1] < 1


def test_the_spectral_law_covers_the_schedule(spectral: SpectralObjective, monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels that a sampler asks for must have been trained, whatever schedule a design has."""
    seen: list[float] = []
    precondition = spectral.network.precondition

    def spy(sigma: torch.Tensor) -> Any:
        seen.extend(sigma[:, 0].tolist())
        return precondition(sigma)

    monkeypatch.setattr(spectral.network, "precondition", spy)
    spectral(torch.zeros(2, 1024), torch.tensor([0.0, 1.0]), torch.zeros(2, 1024), nothing(torch.zeros(2, 1024)))
    top = spectral.schedule.sigma(spectral.schedule.top)
    assert seen[0] == pytest.approx(spectral.schedule.sigma(1), rel=1e-4) and top < seen[1] < 2 * top


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "transformer"},
        {"schedule": {"kind": "linear_beta", "first": 1.5}},
        {"schedule": {}},
        {"architecture": {"layers": 3, "heads": 4}},
        {"hop_seconds": 0},
        {"title": None, "data_rms": "loud"},
    ],
)
def test_a_config_that_is_no_whole_network_is_refused(change: dict[str, Any]) -> None:
    """Found before hours of training, and by name: the folder would not open as a network afterwards."""
    with pytest.raises(NetworkError):
        make_objective(DIFFWAVE | change, Path("design"))


def test_shipped_designs_can_be_trained() -> None:
    """`--network spectral` and `--network diffwave`, as the documentation has them."""
    for name in ("spectral", "diffwave"):
        config, folder = read_design(name)
        assert make_objective(config, folder).sample_rate == 22050


def test_what_was_found_of_one_network_is_not_said_of_the_next() -> None:
    """A network that is trained by a shipped one's design has yet to show that it plays notes."""
    assert find_network("spectral").plays_notes and "plays_notes" not in read_design("spectral")[0]
