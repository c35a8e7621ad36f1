"""What has to start fast or without a screen does not wait for what it never uses."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.journey

REPORT = "import json, sys; print(json.dumps([m for m in ('torch', 'PySide6', 'sounddevice') if m in sys.modules]))"


def loaded_by(program: str) -> list[str]:
    """Which of the heavy packages a Python program has loaded when it ends."""
    result = subprocess.run([sys.executable, "-c", f"{program}\n{REPORT}"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    heavy: list[str] = json.loads(result.stdout.splitlines()[-1])
    return heavy


@pytest.mark.parametrize(
    "module",
    [
        "core.audio.source",
        "core.commands.main",
        "core.audio.export",
        "core.audio.opening",
        "core.networks.card",
        "core.networks.registry",
        "core.analysis.peaks",
        "core.analysis.pitch",
        "core.analysis.tracking",
        "core.extension.plan",
        "core.extension.recipe",
        "core.extension.run",
        "core.extension.writing",
        "core.diffusion.lambdas",
        "core.diffusion.samplers",
        "core.extension.settings",
        "core.analysis.similarity",
    ],
)
def test_what_the_window_needs_at_once_does_not_load_torch(module: str) -> None:
    """Breaks when the window has to wait two seconds for torch before it can show a file or a menu."""
    assert loaded_by(f"import {module}") == []


@pytest.mark.parametrize("arguments", [["samplers"], ["networks"], ["extend", "--help"], ["extend", "missing.wav"]])
def test_command_line_that_computes_nothing_loads_neither_torch_nor_qt(arguments: list[str]) -> None:
    """Breaks when a list, a help text or a usage error takes seconds, or fails for want of Qt's libraries."""
    program = f"""
from pianodiff_gui.__main__ import main
try:
    main({arguments!r})
except SystemExit:
    pass
"""
    assert loaded_by(program) == []


def test_window_shows_before_torch_is_loaded() -> None:
    """Breaks when importing the window imports torch: it would show two seconds later."""
    assert "torch" not in loaded_by("import pianodiff_gui.app, pianodiff_gui.shell.window")
