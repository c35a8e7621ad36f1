"""The plan of the house: `core` stays usable without a screen, rooms import only rooms below them, and nothing goes in
circles. The contracts in pyproject.toml hold, and each would notice if it did not.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey

WITHOUT_QT = "core never imports Qt, the window or an audio device"
CORE, WINDOW, CIRCLES = "the rooms of core", "the rooms of pianodiff_gui", "no circles, in any room"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of the pyproject.toml in `folder` on the packages there."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120)


def verdicts(result: subprocess.CompletedProcess[str]) -> dict[str, bool]:
    """Whether each contract was kept, by its name."""
    found = re.findall(r"^(.+?) (KEPT|BROKEN)\b", result.stdout, re.MULTILINE)
    return {name: verdict == "KEPT" for name, verdict in found}


@pytest.fixture
def house(repository: Path, tmp_path: Path) -> Path:
    """The contracts, and every room and loose file that they name, empty."""
    shutil.copy(repository / "pyproject.toml", tmp_path)
    contracts = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        for container in contract.get("containers", []):
            (tmp_path / container).mkdir()
            (tmp_path / container / "__init__.py").touch()
            for name in re.split(r"[\s|:]+", " ".join(contract["layers"])):
                if (repository / container / name).is_dir():
                    (tmp_path / container / name).mkdir()
                    (tmp_path / container / name / "__init__.py").touch()
                else:
                    (tmp_path / container / f"{name}.py").touch()
    return tmp_path


def test_core_imports_neither_qt_nor_the_window_nor_an_audio_device(repository: Path) -> None:
    """Breaks when an engine module, however indirectly, pulls in Qt, pyqtgraph, sounddevice or the window, when a room
    imports one above it or beside it, when something is put outside the rooms, or when imports go in a circle.
    """
    result = lint_imports(repository)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_empty_house_keeps_every_contract(house: Path) -> None:
    """Breaks when the tests below would see a contract broken for another reason than theirs."""
    assert verdicts(lint_imports(house)) == {WITHOUT_QT: True, CORE: True, WINDOW: True, CIRCLES: True}


@pytest.mark.parametrize(
    ("file", "text", "contract"),
    [
        ("core/audio/engine.py", "def work() -> None:\n    import PySide6.QtCore\n", WITHOUT_QT),
        ("core/audio/engine.py", "def work() -> None:\n    import pyqtgraph\n", WITHOUT_QT),
        ("core/audio/engine.py", "def work() -> None:\n    import sounddevice\n", WITHOUT_QT),
        ("core/audio/engine.py", "def work() -> None:\n    import pianodiff_gui\n", WITHOUT_QT),
        ("core/audio/engine.py", "import core.analysis\n", CORE),
        ("core/audio/engine.py", "def work() -> None:\n    import core.commands\n", CORE),
        (
            "core/diffusion/engine.py",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import core.extension\n",
            CORE,
        ),
        ("core/study/engine.py", "import core.training\n", CORE),
        ("core/errors.py", "import core.assets\n", CORE),
        ("core/engine.py", "", CORE),
        ("core/attic/__init__.py", "", CORE),
        ("pianodiff_gui/session/engine.py", "import pianodiff_gui.views\n", WINDOW),
        ("pianodiff_gui/views/engine.py", "def work() -> None:\n    import pianodiff_gui.shell\n", WINDOW),
        ("pianodiff_gui/presenters/engine.py", "import pianodiff_gui.app\n", WINDOW),
        ("pianodiff_gui/attic.py", "", WINDOW),
    ],
)
def test_a_violation_is_noticed(house: Path, file: str, text: str, contract: str) -> None:
    """Breaks when a contract is disabled, its list of forbidden packages loses an entry, rooms change places, or
    something new need not be given one.
    """
    (house / file).parent.mkdir(exist_ok=True)
    (house / file).write_text(text)
    result = lint_imports(house)
    assert result.returncode == 1
    assert [name for name, kept in verdicts(result).items() if not kept] == [contract]
    place = file.removesuffix(".py").removesuffix("/__init__").split("/")
    assert place[-1] in result.stdout.split("Broken contracts")[1]


@pytest.mark.parametrize("package", ["core/audio", "core/networks/foreign", "pianodiff_gui/views"])
@pytest.mark.parametrize("back", ["import {}\n", "def work() -> None:\n    import {}\n"])
def test_a_circle_is_noticed(house: Path, package: str, back: str) -> None:
    """Breaks when two files of one room may import each other, one of them perhaps only within a function."""
    (house / package).mkdir(exist_ok=True)
    (house / package / "__init__.py").touch()
    dotted = package.replace("/", ".")
    (house / package / "one.py").write_text(f"import {dotted}.two\n")
    (house / package / "two.py").write_text(back.format(f"{dotted}.one"))
    result = lint_imports(house)
    assert result.returncode == 1
    assert [name for name, kept in verdicts(result).items() if not kept] == [CIRCLES]
    assert "No cycles are allowed in " + dotted in result.stdout
