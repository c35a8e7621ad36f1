"""Which network a name or a path means."""

from pathlib import Path

import pytest
import torch

from core.errors import NetworkError
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network, shipped_networks
from tests.core.networks.material import CPU, noise
from tests.core.tiny_network import write_tiny_network


def test_the_shipped_default_loads_and_is_small_enough() -> None:
    """The application is useless without it; the file is to stay under 32 MB."""
    default = shipped_networks()[0]
    assert default.name == "spectral"
    assert default.weights_path.stat().st_size < 32e6
    denoiser = load_denoiser("spectral", CPU)
    clean, _ = denoiser(torch.randn(1, 1, 22050), 100)
    assert torch.isfinite(clean).all()


def test_an_unknown_network_names_the_known_ones() -> None:
    """So that a typing mistake is mended at once."""
    with pytest.raises(NetworkError, match="spectral"):
        find_network("spectrale")


def test_our_own_weights_may_have_another_name(tmp_path: Path) -> None:
    """A training run keeps several files of weights beside one config."""
    folder = write_tiny_network(tmp_path / "run")
    (folder / "weights.safetensors").rename(folder / "step-100.safetensors")
    (folder / "state.pt").touch()
    info = find_network(str(folder / "step-100.safetensors"))
    assert (info.name, info.layout, info.kind) == ("run/step-100.safetensors", "pianodiff", "spectral_unet")
    assert torch.isfinite(load_denoiser(str(info.path), CPU)(noise(1, 1, 2000), 100).clean).all()
    with pytest.raises(NetworkError, match=r"has no weights\.safetensors"):
        find_network(str(folder))
