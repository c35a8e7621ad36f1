"""Networks small enough to run in milliseconds, and clips to run them on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch

from core.diffusion.denoiser import Denoiser
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from tests.core.tiny_network import write_tiny_network
from tests.core.tones import melody


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Denoiser, NetworkInfo]:
    """A tiny random network and its card."""
    folder = write_tiny_network(tmp_path_factory.mktemp("networks") / "tiny")
    return load_denoiser(str(folder), torch.device("cpu")), find_network(str(folder))


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained network with random weights, written as the real ones are."""
    return write_tiny_network(tmp_path_factory.mktemp("networks") / "tiny", sample_rate=8000)


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
