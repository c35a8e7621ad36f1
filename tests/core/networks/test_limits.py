"""A config.json may hold any number: each is refused by its name, at once, before anything is built of it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import NetworkError
from core.networks.card import COMPOSER, LISTENER
from core.networks.checkpoint import build, load_denoiser
from core.networks.composer_card import parse_composer
from core.networks.listener_card import parse_listener
from core.networks.making import _Counted
from core.networks.registry import find_network
from core.networks.spectral_unet import SpectralUNet
from tests.core.networks.material import CPU
from tests.core.tiny_network import ARCHITECTURE, write_tiny_network

NOT_A_SIZE: tuple[Any, ...] = (2**40, -1, 10**400, float("nan"), float("inf"), True, "8", 8.5, None, [], {})
DIFFWAVE = {"layers": 2, "channels": 4, "dilation_cycle": 2}


def _read_composer(architecture: dict[str, Any], folder: Path) -> None:
    lengths = {"window_seconds": 16.0, "context_seconds": 8.0, "hop_seconds": 8.0, "levels": 200}
    schedule = {"sigma_min": 0.03, "sigma_max": 5.0, "rho": 7.0}
    parse_composer({"title": "", **lengths, "schedule": schedule, "architecture": architecture}, folder).build()


def _read_listener(architecture: dict[str, Any], folder: Path) -> None:
    config = {"title": "", "sample_rate": 22050, "window_seconds": 12.0, "data_rms": 0.1}
    parse_listener({**config, "architecture": architecture}, folder).build()


def _read_spectral(architecture: dict[str, Any], folder: Path) -> None:
    load_denoiser(str(write_changed(folder, architecture=ARCHITECTURE | architecture)), CPU)


def _read_diffwave(architecture: dict[str, Any], folder: Path) -> None:
    load_denoiser(str(write_changed(folder, kind="diffwave", architecture=DIFFWAVE | architecture)), CPU)


def write_changed(folder: Path, **changes: Any) -> Path:
    """The tiny network, its config changed behind its back."""
    write_tiny_network(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return folder


@pytest.mark.parametrize(
    ("read", "fields"),
    [
        (_read_spectral, ("n_fft", "hop", "embedding", "fine_fft", "gains", "channels", "data_rms")),
        (_read_diffwave, ("layers", "channels", "dilation_cycle")),
        (_read_composer, ("channels", "width", "heads", "layers", "embedding", "spreads")),
        (_read_listener, ("channels", "hop", "windows", "spreads")),
    ],
    ids=["spectral_unet", "diffwave", COMPOSER, LISTENER],
)
def test_every_number_of_an_architecture_is_bounded(
    tmp_path: Path, read: Callable[[dict[str, Any], Path], None], fields: tuple[str, ...]
) -> None:
    """Two to the forty layers were built for minutes; as many channels asked for 8 TiB."""
    began = time.monotonic()
    for field in fields:
        for value in NOT_A_SIZE if field != "data_rms" else (float("nan"), -1, True, "1", 10**400):
            with pytest.raises(NetworkError, match=f'"{field}"'):
                read({field: value}, tmp_path / "net")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "field", ["sample_rate", "levels", "window_seconds", "context_seconds", "hop_seconds", "data_rms"]
)
def test_every_number_of_a_card_is_bounded(tmp_path: Path, field: str) -> None:
    """As many levels were a schedule of 8 TiB; a rate of NaN was an error of int()."""
    values: tuple[Any, ...] = (2**40, -1, 0, 10**400, float("nan"), float("inf"), True, "8", None, [])
    for value in values:
        with pytest.raises(NetworkError, match=f'"{field}"'):
            find_network(str(write_changed(tmp_path / "net", **{field: value})))


def test_the_context_with_notes_is_bounded(tmp_path: Path) -> None:
    """It may be left out; what is no length, or longer than the context, would be found when a run begins."""
    for value in (2**40, -1, 0, float("nan"), True, "8", 0.6):
        with pytest.raises(NetworkError, match='"context_with_notes_seconds"'):
            find_network(str(write_changed(tmp_path / "net", context_with_notes_seconds=value)))


@pytest.mark.parametrize("field", ["sigma_min", "sigma_max", "rho"])
def test_every_number_of_a_schedule_is_bounded(tmp_path: Path, field: str) -> None:
    for value in (1e300, 0, -1, float("nan"), True, "8", None):
        schedule = {"kind": "power_sigma", "sigma_min": 5e-4, "sigma_max": 2.5, "rho": 5.0, field: value}
        with pytest.raises(NetworkError, match=f'"{field}"'):
            load_denoiser(str(write_changed(tmp_path / "net", schedule=schedule)), CPU)


def test_the_product_of_bounded_numbers_is_bounded(tmp_path: Path) -> None:
    """Layers and channels within their bounds still make 13 thousand million weights of 51 GB."""
    with pytest.raises(NetworkError, match="is the most"):
        _read_diffwave({"layers": 256, "channels": 4096}, tmp_path / "net")


def test_a_network_larger_than_its_weights_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header says what is there; a network of a thousand times as many numbers was built before it was read."""
    folder = write_changed(tmp_path / "net", architecture=ARCHITECTURE | {"channels": [64, 128]})
    made = []
    empty = torch.empty

    def watched(*size: Any, **more: Any) -> torch.Tensor:
        value = empty(*size, **more)
        made.append(value.numel())
        return value

    stored = sum(value.numel() for value in SpectralUNet(**ARCHITECTURE).state_dict().values())
    with monkeypatch.context() as patched, pytest.raises(NetworkError, match="do not fit this network"):
        patched.setattr(torch, "empty", watched)
        patched.setattr(_Counted, "MAKING", frozenset({*_Counted.MAKING, watched}))
        load_denoiser(str(folder), CPU)
    assert sum(made) < 2 * stored


def test_counting_draws_nothing(tmp_path: Path) -> None:
    """A seed gives the same fresh network as ever: what is made without memory must leave the generator alone."""
    info = find_network(str(write_tiny_network(tmp_path / "net")))
    torch.manual_seed(5)
    counted = build(info)[1].state_dict()
    torch.manual_seed(5)
    plain = SpectralUNet(**info.architecture).state_dict()
    assert all(torch.equal(counted[name], plain[name]) for name in plain)
