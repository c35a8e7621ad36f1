"""The spectral U-Net as mathematics: its transform, its views of x_t, and what it is before it has learned anything."""


import numpy as np
import pytest
import torch

from core.networks.spectral_unet import KNOWN_SIGMA, SpectralUNet
from tests.core.tiny_network import ARCHITECTURE, SEEING

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
