"""Cards whose numbers nobody can have meant: refused by name and at once, before there is anything to build."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from core.assets import asset_path
from core.errors import NetworkError
from core.networks.bounds import MOST_WEIGHTS
from core.networks.checkpoint import load_denoiser
from core.networks.composer_card import load_composer
from core.networks.listener_card import load_listener
from tests.core.tiny_network import write_tiny_network

HUGE = 2**40


def changed(folder: Path, out: Path, field: str, value: Any) -> Path:
    """The network in `folder`, with another value at a path such as architecture.channels."""
    out.mkdir(parents=True)
    for file in folder.iterdir():
        if file.is_file():
            (out / file.name).symlink_to(file)
    config = json.loads((folder / "config.json").read_text())
    *outer, name = field.split(".")
    place = config
    for key in outer:
        place = place[key]
    place[name] = value
    (out / "config.json").unlink()
    (out / "config.json").write_text(json.dumps(config))
    return out


@pytest.mark.parametrize("value", [HUGE, -1, float("nan"), float("inf"), 10**400])
@pytest.mark.parametrize(
    ("network", "field"),
    [
        ("spectral", "levels"),
        ("spectral", "sample_rate"),
        ("spectral", "data_rms"),
        ("spectral", "window_seconds"),
        ("spectral", "architecture.channels"),
        ("spectral", "architecture.n_fft"),
        ("spectral", "architecture.fine_fft"),
        ("spectral", "architecture.embedding"),
        ("spectral", "architecture.gains"),
        ("diffwave", "architecture.layers"),
        ("diffwave", "architecture.channels"),
        ("diffwave", "architecture.dilation_cycle"),
    ],
)
def test_no_number_of_a_card_is_believed(tmp_path: Path, network: str, field: str, value: float) -> None:
    """Breaks when a config can ask for terabytes, for minutes of building, or for an error that names nothing."""
    value = [24, value] if field == "architecture.channels" and network == "spectral" else value  # type: ignore[assignment]
    folder = changed(asset_path("networks") / network, tmp_path / "n", field, value)
    began = time.monotonic()
    with pytest.raises(NetworkError, match=rf"{field.rsplit('.', 1)[-1]}|config"):
        load_denoiser(str(folder), torch.device("cpu"))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("field", ["layers", "channels", "dilation_cycle"])
def test_the_field_is_named(tmp_path: Path, field: str) -> None:
    """Breaks when the user isn't told which number is wrong, and what it may be."""
    folder = changed(asset_path("networks") / "diffwave", tmp_path / "n", f"architecture.{field}", HUGE)
    with pytest.raises(NetworkError, match=rf"config.json: '{field}' is .*it can be 1 to"):
        load_denoiser(str(folder), torch.device("cpu"))


def test_numbers_that_are_too_much_together(tmp_path: Path) -> None:
    """Breaks when each number is within its bounds and the network they make isn't: no memory is taken to find out."""
    folder = changed(write_tiny_network(tmp_path / "tiny"), tmp_path / "n", "architecture.channels", [8192] * 8)
    with pytest.raises(NetworkError, match=re.escape(f"{MOST_WEIGHTS:.2g} are the most")):
        load_denoiser(str(folder), torch.device("cpu"))
    folder = changed(write_tiny_network(tmp_path / "again"), tmp_path / "m", "architecture.channels", [4] * 1000)
    with pytest.raises(NetworkError, match="1000 values"):
        load_denoiser(str(folder), torch.device("cpu"))


@pytest.mark.parametrize("value", [HUGE, -1, float("nan")])
@pytest.mark.parametrize("field", ["levels", "architecture.channels", "architecture.layers", "architecture.width"])
def test_a_composers_card(tmp_path: Path, field: str, value: float) -> None:
    """Breaks when a composer can ask for what a network can't."""
    with pytest.raises(NetworkError, match=r"config\.json"):
        load_composer(changed(asset_path("notes") / "composer", tmp_path / "n", field, value))


@pytest.mark.parametrize("value", [HUGE, -1, float("nan")])
@pytest.mark.parametrize("field", ["sample_rate", "data_rms", "architecture.channels", "architecture.hop"])
def test_a_listeners_card(tmp_path: Path, field: str, value: float) -> None:
    """Breaks when a listener can."""
    with pytest.raises(NetworkError, match=r"config\.json"):
        load_listener(changed(asset_path("notes") / "listener", tmp_path / "n", field, value))
