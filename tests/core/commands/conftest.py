"""Clips, and the command that extends them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.core.tones import melody


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
    from core.commands.main import main

    def call(source: Path, destination: Path, *more: str) -> int:
        defaults = {"--seconds": "0.5", "--steps": "4", "--network": str(network)}
        options = [text for name, value in defaults.items() if name not in more for text in (name, value)]
        return main(["extend", str(source), str(destination), *options, *more])

    return call
