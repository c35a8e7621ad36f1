"""Networks small enough to run in milliseconds."""

from pathlib import Path

import pytest
import torch

from core.diffusion.denoiser import Denoiser
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from tests.core.tiny_network import write_tiny_network


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Denoiser, NetworkInfo]:
    """A tiny random network and its card."""
    folder = write_tiny_network(tmp_path_factory.mktemp("networks") / "tiny")
    return load_denoiser(str(folder), torch.device("cpu")), find_network(str(folder))


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained network with random weights, written as the real ones are."""
    return write_tiny_network(tmp_path_factory.mktemp("networks") / "tiny", sample_rate=8000)
