"""The spectral U-Net laid out for a CPU is the same function, within what bf16 rounds."""

from typing import Any

import pytest
import torch
from torch import Tensor

from core.device import has_fast_bfloat16
from core.networks import spectral_unet
from core.networks.checkpoint import load_denoiser
from core.networks.spectral_inference import SpectralInference
from core.networks.spectral_unet import SpectralUNet

CPU = torch.device("cpu")
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "as shipped": {"channels": (24, 48, 96), "fine_fft": 8192, "gains": 32, "sees_known": True},
    "shown notes": {"channels": (16, 32), "fine_fft": 4096, "gains": 16, "sees_known": True, "sees_notes": True},
    "plain": {"channels": (16, 48)},
}


@pytest.fixture(params=ARCHITECTURES)
def network(request: pytest.FixtureRequest) -> SpectralUNet:
    """One whose every weight counts: those that begin as zeros as well."""
    torch.manual_seed(3)
    network = SpectralUNet(**ARCHITECTURES[request.param]).eval()
    for value in network.parameters():
        if not value.any():
            value.data.normal_(0, 0.02)
    network.band_std.copy_(0.1 / (1 + torch.arange(network.bins) / 30))
    return network.requires_grad_(False)


def inputs(network: SpectralUNet, batch: int, frames: int) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """x, sigma (another for each of a batch), keep, sketch."""
    generator = torch.Generator().manual_seed(5)
    clean = 0.1 * torch.sin(torch.arange(frames) * 0.07) * torch.ones(batch, 1)
    sigma = torch.tensor([0.3, 0.02, 1.5])[:batch]
    keep = (torch.arange(frames) < frames // 2).expand(batch, -1)
    noise = torch.randn(batch, frames, generator=generator)
    x = clean + sigma[:, None] * noise * (~keep if network.sees_known else 1)
    return x, sigma, keep if network.sees_known else None, clean * 0.5 if network.sees_notes else None


@pytest.mark.parametrize(("batch", "frames"), [(1, 512 * 40), (3, 512 * 21 + 77)])
def test_it_is_the_network(network: SpectralUNet, batch: int, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when any part of it is another function: 1 % of the answer, against the network in float32."""
    arguments = inputs(network, batch, frames)
    answer = SpectralInference(network)(*arguments)
    monkeypatch.setattr(spectral_unet, "has_fast_bfloat16", lambda _: False)
    expected = network(*arguments)
    assert answer.shape == expected.shape and answer.dtype == torch.float32
    for one, other in zip(answer, expected, strict=True):
        assert float((one - other).square().mean().sqrt()) < 0.01 * float(other.square().mean().sqrt())


def test_what_it_draws_is_the_network_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when F is off, which at low noise hardly shows in the estimate: 2 % of what the network adds."""
    torch.manual_seed(4)
    network = SpectralUNet(**ARCHITECTURES["shown notes"]).eval().requires_grad_(False)
    x, sigma, keep, sketch = inputs(network, 1, 512 * 32)
    empty = network(x, sigma, keep, sketch)
    for value in network.parameters():
        if not value.any():
            value.data.normal_(0, 0.05)
    answer = SpectralInference(network)(x, sigma, keep, sketch)
    monkeypatch.setattr(spectral_unet, "has_fast_bfloat16", lambda _: False)
    expected = network(x, sigma, keep, sketch)
    added = float((expected - empty).square().mean().sqrt())
    assert added > 0.05 * float(x.square().mean().sqrt())
    assert float((answer - expected).square().mean().sqrt()) < 0.02 * added


def test_one_of_a_batch_is_what_it_is_alone(network: SpectralUNet) -> None:
    """Breaks when takes that are made together are not those made one by one."""
    x, sigma, keep, sketch = inputs(network, 3, 512 * 24)
    inference = SpectralInference(network)
    together = inference(x, sigma, keep, sketch)
    for i in range(3):
        known, shown = (None if value is None else value[i : i + 1] for value in (keep, sketch))
        assert torch.equal(inference(x[i : i + 1], sigma[i : i + 1], known, shown)[0], together[i])


def test_another_sketch_is_looked_at_anew() -> None:
    """Breaks when a second window is played from the first one's notes."""
    torch.manual_seed(3)
    network = SpectralUNet(**ARCHITECTURES["shown notes"]).eval().requires_grad_(False)
    network.sketch_stem.conv.weight.normal_()
    network.head.weight.normal_()
    x, sigma, keep, sketch = inputs(network, 1, 512 * 24)
    inference = SpectralInference(network)
    assert sketch is not None
    first = inference(x, sigma, keep, sketch)
    second = inference(x, sigma, keep, sketch * 2)
    assert not torch.equal(first, second)
    assert torch.equal(inference(x, sigma, keep, sketch), first)
    assert not torch.equal(inference(x, sigma, keep, None), first)


def test_gradients_are_the_network_s(network: SpectralUNet) -> None:
    """Breaks when a sampler that goes by gradients gets none, or a wrong one, without a word."""
    x, sigma, keep, sketch = inputs(network, 1, 512 * 16)
    x.requires_grad_()
    answers = (called(x, sigma, keep, sketch) for called in (SpectralInference(network), network))
    gradient, expected = (torch.autograd.grad(answer.square().sum(), x)[0] for answer in answers)
    assert expected.any() and torch.equal(gradient, expected)


def test_the_shipped_network_is_evaluated_so_where_it_pays() -> None:
    """Breaks when nobody gets the faster one, or a machine that emulates bf16 does."""
    denoiser = load_denoiser("spectral", CPU)
    fast = isinstance(denoiser.network, SpectralInference)  # type: ignore[attr-defined]
    assert fast == has_fast_bfloat16(CPU)
