"""Two programs on one output: the second is told, or the last one wins wholly."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile as sf

from core.commands.main import main
from core.extension.recipe import read_recipe
from core.training.state import STATE_NAME
from pianodiff_gui.session.files import SUFFIX, read_session
from tests.fuzz.test_kills import check_saved, prepare
from tests.fuzz.victim import FRAMES, LENGTHS, recording

pytestmark = pytest.mark.journey


@contextmanager
def running(repository: Path, what: str, folder: Path, turns: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A program that does it, for ever or so many times; has begun."""
    command = [sys.executable, "-m", "tests.fuzz.victim", what, str(folder), str(turns)]
    process = subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and "ready\n" in iter(process.stdout.readline, "")
        yield process
    finally:
        process.kill()
        process.communicate()


def test_two_exports_to_one_file(repository: Path, tmp_path: Path) -> None:
    """Breaks when audio and recipe end up being of different runs, or a file of one is mixed with the other's."""
    recording(tmp_path)
    for turns in (7, 8):
        with running(repository, "export", tmp_path, turns) as one, running(repository, "export", tmp_path, 9) as other:
            assert (one.wait(60), other.wait(60)) == (0, 0)
        version = LENGTHS.index(sf.info(tmp_path / "out.wav").frames - FRAMES)
        assert read_recipe(tmp_path / "out.wav.json")["seed"] == version
        assert {path.name for path in tmp_path.iterdir()} == {"in.wav", "out.wav", "out.wav.json"}


def test_two_windows_that_save_to_one_file(repository: Path, tmp_path: Path) -> None:
    """Breaks when a session read between two saves, or after them, is of both."""
    recording(tmp_path)
    with running(repository, "session", tmp_path), running(repository, "session", tmp_path):
        give_up = time.monotonic() + 1.5
        while time.monotonic() < give_up:
            check_saved(read_session(tmp_path / f"mine{SUFFIX}"))
    check_saved(read_session(tmp_path / f"mine{SUFFIX}"))


def test_two_windows_keep_takes_for_recovery_apart(repository: Path, tmp_path: Path) -> None:
    """Breaks when a second window writes into the first one's folder."""
    recording(tmp_path)
    with running(repository, "autosave", tmp_path), running(repository, "autosave", tmp_path):
        assert len(list((tmp_path / "sessions").iterdir())) == 2


@pytest.mark.parametrize("what", ["training", "study"])
def test_a_second_command_in_the_same_folder_is_told(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    """Breaks when two trainings write one run's state by turns, or two studies make everything twice."""
    prepare(what, tmp_path)
    arguments = json.loads((tmp_path / "command.json").read_text())["arguments"]
    folder = tmp_path / ("run" if what == "training" else "out")
    with running(repository, what, tmp_path) as first:
        assert first.poll() is None
        second = ["train", "--out", str(folder), "--resume"] if what == "training" else arguments
        assert main(second) == 1
        assert f"Another PianoDiff is {'training' if what == 'training' else 'working'} in {folder}" in (
            capsys.readouterr().err
        )
        assert first.poll() is None
    if what == "training":
        assert (folder / STATE_NAME).is_file()
