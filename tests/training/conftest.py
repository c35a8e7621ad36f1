"""Recordings and a design small enough to train on in a second."""

from pathlib import Path

import pytest
import soundfile

from tests.engine.conftest import chord
from tests.tiny_network import write_tiny_network


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Three pieces of 4 s, at three rates."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for index, rate in enumerate((4000, 8000, 22050)):
        samples = chord(4.0, rate, level=0.1 * (index + 1)).T
        soundfile.write(folder / f"piece{'abc'[index]}.wav", samples, rate, subtype="FLOAT")
    return folder


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """The tiny network's folder: its config is the design."""
    return write_tiny_network(tmp_path / "design")
