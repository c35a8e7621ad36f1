"""Networks and signals for the engine's tests."""

import numpy as np
import pytest
import torch

from core.diffusion.denoiser import Denoiser
from core.networks.checkpoint import load_denoiser
from core.networks.registry import NetworkInfo, find_network
from tests.tiny_network import write_tiny_network


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Denoiser, NetworkInfo]:
    """A tiny random network and its card."""
    folder = write_tiny_network(tmp_path_factory.mktemp("networks") / "tiny")
    return load_denoiser(str(folder), torch.device("cpu")), find_network(str(folder))


def chord(seconds: float, rate: int, channels: int = 1, level: float = 0.1) -> np.ndarray:
    """(channels, frames) float32: three decaying tones; channels differ in level and phase."""
    t = np.arange(round(seconds * rate)) / rate
    parts = [sum(np.sin(2 * np.pi * f * t + c) * (1 + 0.3 * c) for f in (220.0, 277.2, 329.6)) for c in range(channels)]
    audio = np.array(parts) * np.exp(-0.2 * t)
    return (audio * level / np.sqrt(np.mean(audio**2))).astype(np.float32)
