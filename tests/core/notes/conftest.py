"""A listener small enough to run in milliseconds."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.checkpoint import save_weights
from core.networks.listener_card import parse_listener

CARD: dict[str, Any] = {
    "title": "Tiny listener",
    "summary": "For tests.",
    "kind": "listener",
    "sample_rate": 22_050,
    "window_seconds": 6.0,
    "data_rms": 0.1,
    "architecture": {"channels": 8, "hop": 512, "windows": [4096, 2048], "spreads": [[1, 12], [2, 1]]},
}


def write_listener(folder: Path, **changes: Any) -> Path:
    """A listener with random weights, written as the real one is."""
    card = CARD | changes
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_NAME).write_text(json.dumps(card))
    torch.manual_seed(0)
    save_weights(folder / WEIGHTS_NAME, parse_listener(card, folder).build().state_dict())
    return folder


@pytest.fixture
def listener(tmp_path: Path) -> Path:
    return write_listener(tmp_path / "listener")
