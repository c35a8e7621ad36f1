"""A network small enough to run in milliseconds, and clips for it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from tests.audio.tones import melody

TINY: dict[str, Any] = {
    "title": "Tiny",
    "summary": "For tests: hears nothing, plays nothing.",
    "kind": "spectral_unet",
    "sample_rate": 8000,
    "window_seconds": 0.75,
    "context_seconds": 0.5,
    "hop_seconds": 0.25,
    "data_rms": 0.1,
    "levels": 200,
    "schedule": {"kind": "power_sigma", "sigma_min": 5e-4, "sigma_max": 2.5, "rho": 5.0},
    "architecture": {"channels": [8, 8], "n_fft": 128, "hop": 32, "embedding": 16, "data_rms": 0.1},
}


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained network with random weights, written as the real ones are."""
    import torch

    from core.networks.checkpoint import save_weights
    from core.networks.spectral_unet import SpectralUNet

    folder = tmp_path_factory.mktemp("networks") / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(TINY))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = SpectralUNet(**TINY["architecture"])
        for parameter in unet.parameters():  # some start at 0, and a network of zeros would hide mistakes
            torch.nn.init.normal_(parameter, std=0.05)
    save_weights(folder / "weights.safetensors", unet.state_dict())
    return folder


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip of a few notes: clip(name, seconds, rate, channels, subtype) -> its path."""

    def write(
        name: str = "in.wav",
        seconds: float = 0.8,
        rate: int = 8000,
        channels: int = 1,
        subtype: str = "PCM_16",
        gain: float = 1.0,
    ) -> Path:
        mono = gain * melody(["A3", "C4", "E4", "A4"], seconds / 4, rate)
        # Every channel a little different, as in a room.
        samples = np.stack([0.9**k * np.roll(mono, 3 * k) for k in range(channels)], axis=1)
        sf.write(tmp_path / name, samples, rate, subtype=subtype)
        return tmp_path / name

    return write


@pytest.fixture
def extend(network: Path) -> Callable[..., int]:
    """Calls the command line: extend(source, destination, *more) -> exit code. Four steps and half a second unless
    `more` says otherwise."""
    from core.cli import main

    def call(source: Path, destination: Path, *more: str) -> int:
        defaults = {"--seconds": "0.5", "--steps": "4", "--network": str(network)}
        options = [text for name, value in defaults.items() if name not in more for text in (name, value)]
        return main(["extend", str(source), str(destination), *options, *more])

    return call
