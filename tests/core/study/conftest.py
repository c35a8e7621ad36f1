"""A folder of clips, networks small enough to run in milliseconds, and the command to judge them with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.core.tones import melody

NOTES = ("A3", "C4", "E4", "A4", "G4", "E4", "D4", "B3", "F4", "C5")


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is heard in any audio, unless a test says what is: listening takes most of a small evaluation's time."""
    for place in ("core.study.hearing.listen", "core.extension.heard.listen"):
        monkeypatch.setattr(place, lambda samples, sample_rate: [])


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained network."""
    from tests.core.tiny_network import write_tiny_network

    return write_tiny_network(tmp_path_factory.mktemp("networks") / "tiny")


def write_clip(path: Path, start: int, seconds: float = 3.5, rate: int = 22_050, channels: int = 1) -> Path:
    """A clip of a few notes, another one for every `start`."""
    notes = [NOTES[(start + 3 * k) % len(NOTES)] for k in range(round(seconds / 0.25))]
    mono = melody(notes, 0.25, rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.stack([mono * 0.9**k for k in range(channels)], axis=1), rate, subtype="PCM_16")
    return path


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder of five clips of 3.5 s."""
    for k in range(5):
        write_clip(tmp_path / "clips" / f"clip{k}.wav", k)
    return tmp_path / "clips"


@pytest.fixture
def evaluate(network: Path, tmp_path: Path) -> Callable[..., int]:
    """Calls the command: evaluate(clips, *more) -> exit code. Two steps, 1 s known from 0.5 s on, 0.5 s new, all into
    `tmp_path / "out"`, unless `more` says otherwise."""
    from core.commands.main import main

    def call(*arguments: Path | str) -> int:
        defaults = {
            "--out": tmp_path / "out",
            "--network": network,
            "--steps": 2,
            "--cases": 5,
            "--begin": 0.5,
            "--known": 1,
            "--new": 0.5,
        }
        options = [str(text) for name, value in defaults.items() if name not in arguments for text in (name, value)]
        return main(["evaluate", *map(str, arguments), *options])

    return call
