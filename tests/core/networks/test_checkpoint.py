"""A network's files as something a stranger may have made."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from core.errors import NetworkError
from core.networks.checkpoint import load_denoiser, load_weights, save_weights
from core.networks.registry import find_network
from core.networks.spectral_unet import SpectralUNet
from tests.core.networks.material import CPU
from tests.core.tiny_network import ARCHITECTURE, SEEING, write_tiny_network


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


def test_weights_survive_the_file_bit_for_bit(tmp_path: Path) -> None:
    """A shipped file in half precision must load, and a float32 one must come back exactly."""
    one, other = SpectralUNet(**ARCHITECTURE), SpectralUNet(**ARCHITECTURE)
    save_weights(tmp_path / "w.safetensors", one.state_dict())
    load_weights(other, tmp_path / "w.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))
    save_weights(tmp_path / "half.safetensors", {name: value.half() for name, value in one.state_dict().items()})
    load_weights(other, tmp_path / "half.safetensors")
    assert other.head.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "weights.safetensors").unlink(), "has no weights.safetensors"),
        (lambda f: (f / "config.json").unlink(), "has no config.json"),
        (lambda f: (f / "config.json").write_text("{"), "not a valid network config"),
        (lambda f: (f / "config.json").write_text("{}"), "not a valid network config"),
        (lambda f: (f / "config.json").write_text("[" * 100_000), "nested too deeply"),
        (lambda f: (f / "weights.safetensors").write_bytes(b"junk" * 100), "not a readable safetensors"),
        (lambda f: (f / "weights.safetensors").write_bytes(b""), "not a readable safetensors"),
        (
            lambda f: (f / "weights.safetensors").write_bytes((f / "weights.safetensors").read_bytes()[:-1000]),
            "not a readable safetensors",
        ),
        (lambda f: edit(f, kind="transformer"), "does not know"),
        (lambda f: edit(f, context_seconds=9.0), "out of range"),
        (lambda f: edit(f, sample_rate=-1), ".sample_rate. must be"),
        (lambda f: edit(f, schedule={"kind": "cosine"}), "does not describe a network"),
        (lambda f: edit(f, architecture={"layers": 3}), "has no .layers."),
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


@pytest.mark.parametrize("name", ["~nobody-of-that-name/net", "x" * 5000, "a\0b", "/" + "y" * 300 + "/net"])
def test_a_name_that_can_not_be_is_no_network(name: str) -> None:
    """Breaks when a recipe's path ends in an error of the system's, or of a home folder that is not there."""
    with pytest.raises(NetworkError, match="There is no network"):
        find_network(name)


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


def edit(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
