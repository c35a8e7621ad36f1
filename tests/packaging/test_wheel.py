"""An installation from any folder has the networks, the demo clip and the icons, and finds them."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources so that nothing is left in the checkout."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("core", "pianodiff_gui", "assets"):
        shutil.copytree(repository / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(repository / name, source)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    result = subprocess.run([sys.executable, "-c", build, out], cwd=source, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    (built,) = out.glob("*.whl")
    return built


def shipped_files(repository: Path) -> set[str]:
    """Every file below assets/, and the window's own icons and fonts."""
    folders = ["assets", "pianodiff_gui/icons", "pianodiff_gui/fonts"]
    return {
        path.relative_to(repository).as_posix()
        for folder in folders
        for path in (repository / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_shipped_file(repository: Path, wheel: Path) -> None:
    """Breaks when a network, the clip, an icon or its credits stay behind on installation."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert shipped_files(repository) <= inside
    assert {"assets/demo/demo.wav", "assets/demo/CREDITS.md", "assets/icons/pianodiff.svg"} <= inside


def test_the_wheel_holds_every_module_and_nothing_else(repository: Path, wheel: Path) -> None:
    """Breaks when a subpackage is not found by the build, or tests and tools get installed."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    modules = {
        path.relative_to(repository).as_posix()
        for package in ("core", "pianodiff_gui")
        for path in (repository / package).rglob("*.py")
    }
    assert modules <= inside
    assert {name.split("/")[0] for name in inside if "dist-info" not in name} == {"core", "pianodiff_gui", "assets"}


def test_the_wheel_gives_the_pianodiff_command(wheel: Path) -> None:
    """Breaks when the command is renamed or points nowhere."""
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "pianodiff = pianodiff_gui.__main__:main" in archive.read(entry_points).decode()


def test_an_installation_finds_its_files(wheel: Path, tmp_path: Path) -> None:
    """Breaks when assets are looked for in the checkout or the current folder, not in the installation."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    program = """
import json, sys
sys.path.insert(0, sys.argv[1])
from core.assets import asset_path
from core.networks.registry import shipped_networks
print(json.dumps([str(asset_path("demo/demo.wav")), *(str(n.path) for n in shipped_networks())]))
"""
    result = subprocess.run(
        [sys.executable, "-c", program, site], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    paths = [Path(path) for path in json.loads(result.stdout)]
    assert len(paths) >= 2
    assert all(path.exists() and path.is_relative_to(site.resolve()) for path in paths)
