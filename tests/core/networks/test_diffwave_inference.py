"""DiffWave laid out for a CPU is the same function, within what bf16 rounds."""

import pytest
import torch
from torch import Tensor

from core.device import has_fast_bfloat16
from core.networks.checkpoint import load_denoiser
from core.networks.diffwave import DiffWave, DilatedLayer
from core.networks.diffwave_inference import TILE, DiffWaveInference

CPU = torch.device("cpu")
STEPS = torch.tensor([3.0, 117.5, 199.0])


@pytest.fixture(params=["as shipped", "random", "wide dilations"])
def network(request: pytest.FixtureRequest) -> DiffWave:
    """One whose every weight counts, biases as well."""
    if request.param == "as shipped":
        loaded = load_denoiser("diffwave", CPU).network  # type: ignore[attr-defined]
        shipped = loaded.network if isinstance(loaded, DiffWaveInference) else loaded
        assert isinstance(shipped, DiffWave)
        return shipped
    torch.manual_seed(3)
    network = DiffWave() if request.param == "random" else DiffWave(layers=12, channels=16, dilation_cycle=12)
    torch.nn.init.normal_(network.output_projection.weight, std=0.1)
    for layer in network.residual_layers:
        assert isinstance(layer, DilatedLayer)
        layer.dilated_conv.weight.data *= 0.3  # fresh ones drive every gate to its ends
    return network.eval().requires_grad_(False)


def noisy(batch: int, frames: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return 0.3 * torch.sin(torch.arange(frames) * 0.07) + 0.5 * torch.randn(batch, 1, frames, generator=generator)


@pytest.mark.parametrize(("batch", "frames"), [(1, 3 * TILE + 77), (3, TILE), (2, 300)])
def test_it_is_the_network(
    network: DiffWave, batch: int, frames: int, request: pytest.FixtureRequest
) -> None:
    """Breaks when any part of it is another function, where a tile or the audio ends as well: 1 % of the shipped
    network's answer. Random weights' answers are what is left of large sums, and bf16 rounds more of them away: 3 %.
    """
    allowed = 0.01 if "as shipped" in request.node.name else 0.03
    x, step = noisy(batch, frames), STEPS[:batch]
    answer, expected = DiffWaveInference(network)(x, step), network(x, step)
    assert answer.shape == expected.shape and answer.dtype == torch.float32
    for place in (slice(None), slice(50), slice(-50, None), slice(TILE - 50, TILE + 50)):
        for one, other in zip(answer[..., place], expected[..., place], strict=True):
            assert float((one - other).square().sum().sqrt()) <= allowed * float(other.square().sum().sqrt())


def test_it_errs_less_than_autocast(network: DiffWave) -> None:
    """Breaks when a rounding is added that the network as written doesn't have."""
    x, step = noisy(1, 2 * TILE), STEPS[:1]
    expected, answer = network(x, step), DiffWaveInference(network)(x, step)
    with torch.autocast("cpu", torch.bfloat16):
        written = network(x, step)
    assert float((answer - expected).square().mean()) < float((written - expected).square().mean())


def test_one_of_a_batch_is_what_it_is_alone(network: DiffWave) -> None:
    """Breaks when takes that are made together are not those made one by one."""
    x, inference = noisy(3, 2500), DiffWaveInference(network)
    together = inference(x, STEPS)
    for i in range(3):
        assert torch.equal(inference(x[i : i + 1], STEPS[i : i + 1])[0], together[i])


def test_gradients_are_the_network_s(network: DiffWave) -> None:
    """Breaks when a sampler that goes by gradients gets none, or a wrong one, without a word."""
    x = noisy(1, 1000).requires_grad_()
    answers = (called(x, STEPS[:1]) for called in (DiffWaveInference(network), network))
    gradient, expected = (torch.autograd.grad(answer.square().sum(), x)[0] for answer in answers)
    assert expected.any() and torch.equal(gradient, expected)


def test_the_shipped_network_is_evaluated_so_where_it_pays() -> None:
    """Breaks when nobody gets the faster one, or a machine that emulates bf16 does."""
    network = load_denoiser("diffwave", CPU).network  # type: ignore[attr-defined]
    assert isinstance(network, DiffWaveInference) == has_fast_bfloat16(CPU)
