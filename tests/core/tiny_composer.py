"""A composer small enough to run in milliseconds, with random weights."""

import json
from pathlib import Path
from typing import Any

import torch

from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.checkpoint import save_weights
from core.networks.composer_card import parse_composer

CARD: dict[str, Any] = {
    "title": "Tiny composer",
    "summary": "For tests.",
    "kind": "composer",
    "window_seconds": 4.0,
    "context_seconds": 2.0,
    "hop_seconds": 2.0,
    "levels": 200,
    "schedule": {"sigma_min": 0.02, "sigma_max": 8.0, "rho": 7.0},
    "architecture": {"channels": 8, "width": 16, "heads": 2, "layers": 1, "spreads": [[1, 1], [2, 12], [1, 1]]},
}


def write_composer(folder: Path, **changes: Any) -> Path:
    """Written as the real one is. It knows nothing, but isn't silent: a few notes come of noise."""
    card = CARD | changes
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_NAME).write_text(json.dumps(card))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _, network = parse_composer(card, folder).build()
        torch.nn.init.normal_(network.head.weight, std=0.5)
    save_weights(folder / WEIGHTS_NAME, network.state_dict())
    return folder
