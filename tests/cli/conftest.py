"""A network small enough to run in milliseconds, and clips for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.audio.tones import melody


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained network with random weights, written as the real ones are."""
    from tests.tiny_network import write_tiny_network  # imports torch, which some of these tests do without

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
