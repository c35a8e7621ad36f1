"""The networks as mathematics, and their files as something a stranger may have made."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from core.diffusion.denoiser import SigmaDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.networks.checkpoint import load_denoiser, load_weights, save_weights
from core.networks.diffwave import DiffWave
from core.networks.registry import find_network, shipped_networks
from core.networks.spectral_unet import KNOWN_SIGMA, SpectralUNet
from tests.core.tiny_network import ARCHITECTURE, SEEING, write_tiny_network

CPU = torch.device("cpu")


def tone(frames: int, rate: int = 22050, frequency: float = 440.0) -> torch.Tensor:
    return 0.14 * torch.sin(2 * torch.pi * frequency * torch.arange(frames) / rate)[None]


def test_the_transform_is_invertible_and_white_noise_has_unit_variance() -> None:
    """If synthesis did not undo analysis, even a perfect network would change the audio."""
    network = SpectralUNet()
    x = tone(512 * 40)
    assert torch.allclose(network.synthesise(network.analyse(x), x.shape[-1]), x, atol=1e-5)
    noise = torch.randn(1, 512 * 200, generator=torch.Generator().manual_seed(0))
    assert float(network.analyse(noise)[..., 2:-2].var()) == pytest.approx(1.0, abs=0.02)


def test_a_steady_partial_is_smooth_along_time() -> None:
    """Demodulation is what lets convolutions follow a partial: its phase may turn by less than half a bin's worth."""
    network = SpectralUNet()
    bands = network.analyse(tone(512 * 40, frequency=440.0))[0, :, :, 4:-4]
    coefficient = torch.complex(bands[0], bands[1])
    peak = int(coefficient.abs().mean(dim=1).argmax())
    turn = torch.angle(coefficient[peak, 1:] * coefficient[peak, :-1].conj()).abs()
    assert float(turn.max()) < np.pi * network.hop / network.n_fft + 0.1


def test_the_finer_transform_has_the_phase_of_the_coarse_one() -> None:
    """At every frame, whatever the frequency: only then can weights that don't know the time relate the two."""
    network = SpectralUNet(fine_fft=8192)
    for frequency in (440.0, 441.3, 449.0, 1234.5):
        views = network.views(tone(512 * 100, frequency=frequency))[0]
        assert views.shape == (2 + 8, 1024, 101)
        bin = int(frequency / 22050 * 2048)
        coarse, *fine = (torch.complex(views[i, bin], views[i + 1, bin])[20:80] for i in range(0, 10, 2))
        loudest = max(fine, key=lambda coefficients: float(coefficients.abs().mean()))
        assert float(torch.angle(loudest * coarse.conj()).abs().max()) < 1e-3
        assert float(loudest.abs().mean()) > 1.5 * float(coarse.abs().mean())
    noise = torch.randn(1, 512 * 200, generator=torch.Generator().manual_seed(0))
    assert float(network.views(noise)[:, 2:, 2:-2, 10:-10].var()) == pytest.approx(1.0, abs=0.02)


def test_a_bin_and_its_neighbours_are_brought_to_one_phase() -> None:
    """At every frame and frequency, up to a sign: only then can real gains join what a partial has left in them."""
    network = SpectralUNet(fine_fft=8192)
    for frequency in (440.0, 449.0, 1234.5):
        around = network._around(network.views(tone(512 * 100, frequency=frequency)))[0]
        assert around.shape == (15, 2, 1024, 101)
        bin = int(frequency / 22050 * 2048)
        own, *others = torch.complex(around[:, 0, bin, 20:80], around[:, 1, bin, 20:80])
        loud = [other for other in others if float(other.abs().mean()) > 0.05 * float(own.abs().mean())]
        assert len(loud) >= 4
        for other in loud:
            across = (other * own.conj() / (other * own.conj()).abs()).imag  # 0 in phase and in opposite phase
            assert float(across.abs().max()) < 0.02


def test_gains_pass_the_input_on() -> None:
    """One gain for all, of a bin's own coefficient: what is passed on must be the input itself, times that."""
    network = SpectralUNet(**SEEING)
    torch.nn.init.zeros_(network.gain_out.weight)
    with torch.no_grad():
        assert network.gain_out.bias is not None
        network.gain_out.bias[0] = 0.5
        x, sigma = 5 * tone(4096), torch.tensor([0.3])
        scale = network.precondition(sigma[:, None])
        views = network.views(x)
        expected = network.synthesise((scale.skip + 0.5 * scale.out * scale.input) * views[:, :2], 4096)
        assert torch.allclose(network(x, sigma), expected, atol=1e-5)


def test_weights_of_before_are_a_start_for_a_network_with_more_inputs(tmp_path: Path) -> None:
    """It begins as what it was: else nothing that was learned before would count."""
    before = SpectralUNet(**ARCHITECTURE)
    torch.nn.init.normal_(before.head.weight, std=0.1)
    save_weights(tmp_path / "w.safetensors", before.state_dict())
    after = SpectralUNet(**SEEING)
    added = load_weights(after, tmp_path / "w.safetensors", added=after.ADDED)
    assert {name.split(".")[0] for name in added} == {"fine_stem", "gain_features", "gain_hidden", "gain_out"}
    x, sigma = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0)), torch.tensor([0.3])
    with torch.no_grad():
        assert torch.equal(after(x, sigma), before(x, sigma))
    with pytest.raises(NetworkError, match=r"do not fit.*fine_stem"):
        load_weights(after, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="multiple of n_fft"):
        SpectralUNet(**ARCHITECTURE, fine_fft=3 * ARCHITECTURE["n_fft"] // 2)


def test_known_audio_counts_as_free_of_noise_and_nothing_known_as_all_noisy() -> None:
    """Known audio comes back as it went in; with none, the network is the one that zero-shot samplers use."""
    network = SpectralUNet(**SEEING)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    x, sigma = 5 * tone(4096), torch.tensor([0.3])
    keep = torch.arange(4096)[None] < 2048
    with torch.no_grad():
        assert torch.allclose(network(x, sigma, torch.zeros_like(keep)), network(x, sigma), atol=1e-5)
        given = network(x, sigma, keep)
    inside = 2048 - network.n_fft
    assert torch.allclose(given[:, :inside], x[:, :inside], atol=1e-2)
    assert not torch.allclose(given[:, 2048:], network(x, sigma)[:, 2048:], atol=1e-2)
    seen = network.see(x, sigma, keep)
    levels = seen.sigma[0]
    edge = 2048 // network.hop
    assert levels[: edge - 2].tolist() == pytest.approx([KNOWN_SIGMA] * (edge - 2))
    assert levels[edge + 2 :].tolist() == pytest.approx([0.3] * (len(levels) - edge - 2))
    assert float(levels[edge]) == pytest.approx(0.3 / 2**0.5, rel=1e-2)  # half of the frame's power is noise


def test_no_view_is_louder_than_its_noise_around_the_edge_of_known_audio() -> None:
    """A frame may be free of noise in the short transform and not in the long one: scaled by the other's level, it was
    thousands of times too loud, and training went astray."""
    network = SpectralUNet(**SEEING)
    network.band_std.fill_(1e-3)
    keep = torch.arange(4096)[None] < 2048
    noise = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([8.0])
    views = network.see(8.0 * noise * ~keep, sigma, keep).views
    assert views.shape[1] == 2 + 4 and float(views.abs().max()) < 10
    assert float(views[:, :, :, 40:].std()) == pytest.approx(1.0, abs=0.1)


def test_an_untrained_spectral_unet_is_the_wiener_filter() -> None:
    """With F = 0 the estimate is c_skip x per bin: all of x at no noise, next to nothing where noise drowns a band."""
    network = SpectralUNet()
    x = tone(512 * 20)
    with torch.no_grad():
        assert torch.allclose(network(x, torch.tensor([1e-6])), x, atol=1e-4)
        assert float(network(x, torch.tensor([10.0])).abs().max()) < 1e-3


def test_any_length_goes_in_and_comes_out() -> None:
    """Windows are not multiples of the hop; a network that crops or pads would shift the seam."""
    network = SpectralUNet(**ARCHITECTURE)
    for frames in (200, 1000, 1001, 4096):
        assert network(torch.randn(2, frames), torch.tensor([0.1, 1.0])).shape == (2, frames)


def test_a_sigma_network_is_asked_in_its_own_units() -> None:
    """x_t = s clean + n eps is handed over as clean + (n / s) eps; the two estimates must add up to x_t again."""
    seen: list[float] = []

    class Half(torch.nn.Module):
        def forward(self, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            seen.append(float(sigma))
            return 0.5 * x

    schedule = NoiseSchedule.linear_beta()
    x = torch.randn(1, 1, 100)
    clean, noise = SigmaDenoiser(Half(), schedule)(x, 50)
    signal, scale = schedule.scales(50)
    assert seen == [pytest.approx(scale / signal)]
    assert torch.allclose(clean, 0.5 * x / signal)
    assert torch.allclose(signal * clean + scale * noise, x, atol=1e-6)


def test_diffwave_is_the_papers() -> None:
    """30 layers of 64 channels: 2.3 million weights and a receptive field of 6139 samples, no more and no less."""
    network = DiffWave()
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 1) == 2.3
    torch.nn.init.normal_(network.output_projection.weight)
    x = torch.zeros(1, 1, 8001, requires_grad=True)
    network(x, torch.tensor([3.0]))[0, 0, 4000].backward()
    assert x.grad is not None
    touched = torch.nonzero(x.grad[0, 0])[:, 0]
    assert int(touched.max() - touched.min()) + 1 == 6139


def test_weights_survive_the_file_bit_for_bit(tmp_path: Path) -> None:
    """A shipped file in half precision must load, and a float32 one must come back exactly."""
    one, other = SpectralUNet(**ARCHITECTURE), SpectralUNet(**ARCHITECTURE)
    save_weights(tmp_path / "w.safetensors", one.state_dict())
    load_weights(other, tmp_path / "w.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))
    save_weights(tmp_path / "half.safetensors", {name: value.half() for name, value in one.state_dict().items()})
    load_weights(other, tmp_path / "half.safetensors")
    assert other.head.weight.dtype == torch.float32


def test_the_shipped_default_loads_and_is_small_enough() -> None:
    """The application is useless without it; the file is to stay under 32 MB."""
    default = shipped_networks()[0]
    assert default.name == "spectral"
    assert default.weights_path.stat().st_size < 32e6
    denoiser = load_denoiser("spectral", CPU)
    clean, _ = denoiser(torch.randn(1, 1, 22050), 100)
    assert torch.isfinite(clean).all()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "weights.safetensors").unlink(), "has no weights.safetensors"),
        (lambda f: (f / "config.json").unlink(), "has no config.json"),
        (lambda f: (f / "config.json").write_text("{"), "not a valid network config"),
        (lambda f: (f / "config.json").write_text("{}"), "not a valid network config"),
        (lambda f: (f / "weights.safetensors").write_bytes(b"junk" * 100), "not a readable safetensors"),
        (lambda f: (f / "weights.safetensors").write_bytes(b""), "not a readable safetensors"),
        (
            lambda f: (f / "weights.safetensors").write_bytes((f / "weights.safetensors").read_bytes()[:-1000]),
            "not a readable safetensors",
        ),
        (lambda f: edit(f, kind="transformer"), "does not know"),
        (lambda f: edit(f, context_seconds=9.0), "out of range"),
        (lambda f: edit(f, sample_rate=-1), "out of range"),
        (lambda f: edit(f, schedule={"kind": "cosine"}), "does not describe a network"),
        (lambda f: edit(f, architecture={"layers": 3}), "does not describe a network"),
        (lambda f: edit(f, architecture={**ARCHITECTURE, "embedding": 32}), "do not fit"),
    ],
)
def test_a_damaged_network_says_what_is_wrong(tmp_path: Path, damage: object, message: str) -> None:
    """A traceback, or worse a network that half works, would follow otherwise."""
    folder = write_tiny_network(tmp_path / "net")
    assert callable(damage)
    damage(folder)
    with pytest.raises(NetworkError, match=message):
        load_denoiser(str(folder), CPU)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """A checkpoint is a program when it is a pickle: this one would leave a file behind."""

    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[Path, str]]:
            return (Path.write_text, (tmp_path / "owned", "x"))

    evil = tmp_path / "network.pt"
    evil.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(NetworkError, match="can run any code"):
        load_denoiser(str(evil), CPU)
    folder = write_tiny_network(tmp_path / "net")
    (folder / "weights.safetensors").write_bytes(evil.read_bytes())
    with pytest.raises(NetworkError, match="not a readable safetensors"):
        load_denoiser(str(folder), CPU)
    assert not (tmp_path / "owned").exists()


def test_an_unknown_network_names_the_known_ones() -> None:
    """So that a typing mistake is mended at once."""
    with pytest.raises(NetworkError, match="spectral"):
        find_network("spectrale")


def edit(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
