"""The sources work on any machine: nothing in them knows the one they were written on."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

# Written so that this file does not match itself.
PLACES = re.compile(r"(?<![\w.~])/(?:work|root|home/\w+|opt/(?:wheels|pypi))\b(?!\w)/?")
HOSTS = re.compile(
    r"\b(?:py" + r"pi\.org|python" + r"hosted\.org|download\.py" + r"torch\.org|deb\.deb" + r"ian\.org)\b"
)


@pytest.fixture(scope="module")
def texts(repository: Path) -> dict[str, str]:
    """Every tracked text file."""
    if shutil.which("git") is None or not (repository / ".git").exists():
        pytest.skip("not a git checkout: there is no list of the project's own files")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = {}
    for name in filter(None, names):
        path = repository / name
        if path.is_file():
            data = path.read_bytes()
            if b"\0" not in data[:8192]:
                found[name] = data.decode("utf-8")
    assert "pyproject.toml" in found
    return found


def test_no_file_names_a_folder_of_somebodys_machine(texts: dict[str, str]) -> None:
    """Breaks when a path of the author's machine gets into the sources: it exists nowhere else."""
    here = "tests/packaging/test_repository.py"
    found = {name: sorted(set(PLACES.findall(text))) for name, text in texts.items() if name != here}
    assert not {name: places for name, places in found.items() if places}


def test_no_file_names_a_package_registry(texts: dict[str, str]) -> None:
    """Breaks when an address of a registry is written down, past the user's own pip and apt settings."""
    assert not [name for name, text in texts.items() if HOSTS.search(text)]


def test_scripts_can_be_executed(repository: Path) -> None:
    """Breaks when a script loses its executable bit: `make` would stop with 'permission denied'."""
    for name in ("packaging/system-libraries.sh", "packaging/virtualenv.sh", ".ci/run"):
        assert (repository / name).stat().st_mode & 0o111 == 0o111
