"""What the tests of the commands share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.commands.main import main

Write = Callable[..., Path]
Extend = Callable[..., int]


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pianodiff: error: ") and captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


def nothing_new(folder: Path, *expected: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(expected)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def samples(path: Path, kind: str = "float64") -> np.ndarray:
    data: np.ndarray = sf.read(path, dtype=kind, always_2d=True)[0]
    return data


def beside(network: Path, command: str, source: Path, out: Path, *more: str) -> int:
    return main([command, str(source), str(out), "--steps", "3", "--network", str(network), *more])
