"""A network small enough for tests: the default's architecture at a two-hundredth of its cost, with random weights."""

import json
from pathlib import Path
from typing import Any

import torch

from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.checkpoint import save_weights
from core.networks.spectral_unet import SpectralUNet

ARCHITECTURE: dict[str, Any] = {"channels": [4, 8], "n_fft": 256, "hop": 64, "embedding": 16, "data_rms": 0.1}
SEEING = ARCHITECTURE | {"fine_fft": 512, "gains": 8, "sees_known": True}


def write_tiny_network(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """A network at 4 kHz that sees 0.75 s, knows 0.5 s and adds 0.25 s a window; `changes` go into its config, `seed`
    decides its weights. With architecture=SEEING it can be shown the known audio."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SpectralUNet(**changes.get("architecture", ARCHITECTURE))
        torch.nn.init.normal_(network.head.weight, std=0.02)  # a fresh head is silent: the network would do nothing
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(folder / WEIGHTS_NAME, network.state_dict())
    config = {
        "title": "Tiny",
        "summary": "For tests.",
        "kind": "spectral_unet",
        "sample_rate": 4000,
        "window_seconds": 0.75,
        "context_seconds": 0.5,
        "hop_seconds": 0.25,
        "data_rms": 0.1,
        "levels": 200,
        "schedule": {"kind": "power_sigma", "sigma_min": 5e-4, "sigma_max": 2.5, "rho": 5.0},
        "architecture": ARCHITECTURE,
        **changes,
    }
    (folder / CONFIG_NAME).write_text(json.dumps(config))
    return folder
