"""`core` stays usable without a screen: the import contract holds, and it would notice if it did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of the pyproject.toml in `folder` on the packages there."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120)


def test_core_imports_neither_qt_nor_the_window_nor_an_audio_device(repository: Path) -> None:
    """Breaks when an engine module, however indirectly, pulls in Qt, pyqtgraph, sounddevice or the window."""
    result = lint_imports(repository)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "statement", ["import PySide6.QtCore", "import pyqtgraph", "import sounddevice", "import pianodiff_gui"]
)
def test_a_violation_is_noticed(repository: Path, tmp_path: Path, statement: str) -> None:
    """Breaks when the contract is disabled or its list of forbidden packages loses an entry."""
    for package in ("core", "pianodiff_gui"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "core" / "engine.py").write_text(f"def work() -> None:\n    {statement}\n")
    shutil.copy(repository / "pyproject.toml", tmp_path)
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    assert "core.engine" in result.stdout
