"""Two programs in one folder: the second is told, or waits its turn."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import ExportError
from core.folder_lock import alone_in, in_turn

HOLD = """
import sys
from pathlib import Path
from core.folder_lock import alone_in, in_turn
held = alone_in(Path(sys.argv[2]), "training") if sys.argv[1] == "alone" else in_turn(Path(sys.argv[2]))
with held:
    print("in", flush=True)
    sys.stdin.readline()
"""


def holder(repository: Path, how: str, folder: Path) -> subprocess.Popen[str]:
    """Another program that is in."""
    command = [sys.executable, "-c", HOLD, how, str(folder)]
    process = subprocess.Popen(
        command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "in\n"
    return process


def end(process: subprocess.Popen[str], kill: bool = False) -> None:
    if kill:
        process.kill()
    process.communicate("\n")


@pytest.mark.parametrize("kill", [False, True])
def test_the_second_is_told_until_the_first_has_ended(repository: Path, tmp_path: Path, kill: bool) -> None:
    """Breaks when two runs write into one folder, or a program that was killed keeps others out for ever."""
    first = holder(repository, "alone", tmp_path)
    try:
        with (
            pytest.raises(ExportError, match="Another PianoDiff is training in"),
            alone_in(tmp_path, "training"),
        ):
            pass
    finally:
        end(first, kill)
    with alone_in(tmp_path, "training"):
        pass


def test_what_belongs_together_is_written_in_turn(repository: Path, tmp_path: Path) -> None:
    """Breaks when a second export mixes its audio with the first one's recipe."""
    first = holder(repository, "turn", tmp_path)
    command = [sys.executable, "-c", HOLD, "turn", str(tmp_path)]
    second = subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert second.stdout is not None
        time.sleep(0.5)
        assert second.poll() is None
        end(first)
        assert second.stdout.readline() == "in\n"
    finally:
        first.kill()
        end(second, kill=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Breaks when the export's own words about a missing folder don't come."""
    with in_turn(tmp_path / "missing"):
        pass
    with pytest.raises(ExportError, match="can't be written to"), alone_in(tmp_path / "missing", "training"):
        pass
