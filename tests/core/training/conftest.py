"""Recordings and a design small enough to train on in a second."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.core.tiny_network import write_tiny_network
from tests.core.tones import chord
from tests.core.training.corpora import RATE

DIFFWAVE: dict[str, Any] = {
    "title": "Tiny DiffWave",
    "summary": "For tests.",
    "kind": "diffwave",
    "sample_rate": 4000,
    "window_seconds": 0.75,
    "context_seconds": 0.5,
    "hop_seconds": 0.25,
    "data_rms": 0.1,
    "levels": 200,
    "schedule": {"kind": "linear_beta", "first": 1e-4, "last": 0.02},
    "architecture": {"layers": 3, "channels": 4, "dilation_cycle": 3},
}


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A long quiet file, a short loud one at another rate and in stereo, and one of silence."""
    folder = tmp_path / "audio"
    folder.mkdir()
    soundfile.write(folder / "long.wav", chord(6.0, RATE, level=0.02).T, RATE, subtype="FLOAT")
    soundfile.write(folder / "short.flac", chord(2.0, 44100, channels=2, level=0.2).T, 44100)
    soundfile.write(folder / "silence.wav", np.zeros(RATE), RATE)
    return folder
