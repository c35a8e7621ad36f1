"""A disk that fills up at every moment of every writer: that is said in plain words, and what was there stays."""

import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import torch

from core.audio.export import Insert, export_audio
from core.audio.opening import open_source
from core.audio.writing import write_text
from core.commands.main import main
from core.errors import ExportError
from core.extension.recipe import write_recipe
from core.extension.unfinished import Unfinished
from core.extension.writing import write_extended
from core.networks.checkpoint import save_weights
from core.notes.midi import write_midi
from core.notes.note import Note
from core.study.trace import Trace
from core.training.journal import Journal
from core.training.state import Progress, read_header
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import SUFFIX, read_folder, write_session
from tests.core.tiny_network import write_tiny_network
from tests.core.tones import chord
from tests.fuzz.victim import RATE, new_audio, recording, run_of, saved

BLOCK = 4096
ROOM = (0, 1, 2, 5, 12, 30)
"""Blocks that are left on the disk, or that a file may have."""

Limit = Callable[[int], Any]
Write = Callable[[int], object]
"""Writes version 0 or 1."""


class Disk:
    """folder: on it.  filled(bytes): a context in which so many bytes more can be written."""

    def __init__(self, folder: Path, filled: Limit) -> None:
        self.folder, self.filled = folder, filled


@pytest.fixture(params=["a small disk", "a limit of the system"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A file system of 8 MB that is filled but for some bytes, which takes root on Linux; or a limit on the length of
    each file, which the system answers in the same way.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "a limit of the system":
        yield Disk(folder, _limited)
        return
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if not made or made.returncode:
        pytest.skip("a small file system can't be mounted here: that takes root on Linux")

    @contextmanager
    def filled(left: int) -> Iterator[None]:
        ballast = folder / "ballast"
        free = shutil.disk_usage(folder).free
        ballast.write_bytes(bytes(max(0, free - left)))
        try:
            yield
        finally:
            ballast.unlink()

    try:
        yield Disk(folder, filled)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def _limited(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def content(folder: Path) -> dict[str, bytes]:
    """All files below it, but the ballast."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "ballast")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def exporting(suffix: str) -> Callable[[Path, Path], Write]:
    def prepare(folder: Path, elsewhere: Path) -> Write:
        source = open_source(recording(elsewhere))

        def write(version: int) -> None:
            inserts = [Insert.of(source, None, new_audio(version))]
            write_extended(source, inserts, [run_of(version)], folder / f"out{suffix}", overwrite=True)

        return write

    return prepare


def saving_a_session(folder: Path, elsewhere: Path) -> Write:
    versions = [saved(elsewhere, version) for version in (0, 1)]
    return lambda version: write_session(versions[version], RATE, folder / f"mine{SUFFIX}", overwrite=True)


def saving_weights(folder: Path, _: Path) -> Write:
    generator = torch.Generator().manual_seed(0)
    weights = [{"w": torch.randn(30_000, generator=generator)} for _ in (0, 1)]
    return lambda version: save_weights(folder / "state.safetensors", weights[version], {"version": str(version)})


def drawing(folder: Path, _: Path) -> Write:
    from core.study import figures

    def write(version: int) -> None:
        curves = {"reverse": "reverse"} if version else None
        figures.save(figures.lambda_schedules(curves), folder / "figure")  # type: ignore[arg-type]

    return write


def keeping_a_trace(folder: Path, _: Path) -> Write:
    rng = np.random.default_rng(0)
    traces = [Trace(200, RATE, [1.0], [0.5], rng.normal(size=30_000).astype(np.float32), 1.0, 5) for _ in (0, 1)]
    return lambda version: traces[version].save(folder / "case.npz")


def writing_notes(folder: Path, _: Path) -> Write:
    notes = [[Note(0.1 * k, 0.1 * k + 0.3, 40 + (k * (3 + v)) % 50) for k in range(3000)] for v in (0, 1)]
    return lambda version: write_midi(folder / "notes.mid", notes[version], overwrite=True)


WRITERS: dict[str, Callable[[Path, Path], Write]] = {
    "export, WAV": exporting(".wav"),
    "export, FLAC": exporting(".flac"),
    "audio": lambda folder, _: (
        lambda version: export_audio(new_audio(version), RATE, folder / "a.wav", subtype="FLOAT", overwrite=True)
    ),
    "session": saving_a_session,
    "recipe": lambda folder, _: (
        lambda version: write_recipe(folder / "a.json", run_of(version) | {"notes": [[version] * 4] * 3000})
    ),
    "table": lambda folder, _: lambda version: write_text(folder / "a.csv", f"{version},\n" * 9000, overwrite=True),
    "notes": writing_notes,
    "training state": saving_weights,
    "figures": drawing,
    "trace": keeping_a_trace,
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.journey if name == "figures" else ()) for name in WRITERS]
)
def test_what_was_there_stays_and_the_reason_is_said(disk: Disk, tmp_path: Path, name: str) -> None:
    """Breaks when a writer leaves half a file, or nothing, where there was a whole one, or speaks in error numbers."""
    write = WRITERS[name](disk.folder, tmp_path)
    write(1)
    new = content(disk.folder)
    write(0)
    old = content(disk.folder)
    assert old != new and old.keys() == new.keys()
    told = 0
    for blocks in ROOM:
        try:
            with disk.filled(blocks * BLOCK):
                write(1)
        except ExportError as error:
            told += 1
            assert "is full" in str(error) and "Errno" not in str(error)
            found = content(disk.folder)
            assert found.keys() == old.keys()  # nothing is left behind
            # Where two files are written, one after the other, each is the old one or the new one.
            assert all(found[file] in (old[file], new[file]) for file in old)
        else:
            assert content(disk.folder) == new
        write(0)
        assert content(disk.folder) == old
    assert told, "the disk was never full"


def test_the_recovery_folder_keeps_what_it_had(disk: Disk, tmp_path: Path) -> None:
    """Breaks when a full disk costs the takes that were safe, or each try leaves another part of a file."""
    autosave = Autosave(disk.folder / "sessions")
    assert autosave.save(saved(tmp_path, 0), RATE)
    old = content(disk.folder)
    for blocks in ROOM[:4]:
        with disk.filled(blocks * BLOCK):
            assert not autosave.save(saved(tmp_path, 1), RATE)
        assert content(disk.folder) == old
        (folder,) = (disk.folder / "sessions").iterdir()
        assert read_folder(folder).takes[0][2][0].run["seed"] == 0
    assert autosave.save(saved(tmp_path, 1), RATE)
    autosave.leave(keep=False)


def test_windows_that_can_not_be_kept_do_not_end_a_run(disk: Disk) -> None:
    """Breaks when there is no room for what a run would go on from, and hours of it are lost for that."""
    samples = np.random.default_rng(0).normal(size=(1, 40_000)).astype(np.float32)
    unfinished = Unfinished(disk.folder / "out.wav", {"seed": 1})
    unfinished.save(1, samples, samples[:, :0])
    with disk.filled(2 * BLOCK):
        unfinished.save(2, samples, samples)
    found = unfinished.load()
    assert found is not None and found[0] == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard's own thread
def test_a_log_that_can_not_grow_says_so(disk: Disk) -> None:
    """Breaks when a training's log ends the run in error numbers, or loses the lines it had."""
    journal = Journal(disk.folder, 0)
    journal.validation(Progress(step=1), {"sigma 1": 0.5})
    with disk.filled(0), pytest.raises(ExportError, match="is full"):
        journal.validation(Progress(step=2), {f"sigma {k}": 0.5 for k in range(1000)})
    journal.close()
    assert (disk.folder / "log.jsonl").read_text().splitlines()[0].startswith('{"step": 1')


@pytest.mark.journey
def test_a_training_and_a_study_on_a_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when a command on a full disk ends in "unexpected", or its folder can't be gone on with afterwards."""
    design, out = write_tiny_network(tmp_path / "design"), tmp_path / "run"
    (tmp_path / "recordings").mkdir()
    for name in ("a", "b"):
        sf.write(tmp_path / "recordings" / f"{name}.wav", chord(4.0, 4000, level=0.1).T, 4000, subtype="FLOAT")
    arguments = ["train", "--data", str(tmp_path / "recordings"), "--network", str(design), "--out", str(out)]
    arguments += ["--crop-seconds", "0.25", "--batch-seconds", "1", "--device", "cpu", "--no-samples"]
    arguments += ["--workers", "0"]
    assert main([*arguments, "--steps", "2"]) == 0
    before = read_header(out).progress.step
    capsys.readouterr()
    with _limited(20_000):
        assert main(["train", "--out", str(out), "--resume", "--steps", "4", "--workers", "0"]) == 1
    said = capsys.readouterr().err
    assert "is full" in said and "unexpected" not in said
    assert read_header(out).progress.step == before
    assert main(["train", "--out", str(out), "--resume", "--steps", "4", "--workers", "0"]) == 0
    for number in range(2):
        tone = chord(4.0, 22_050, level=0.1 + 0.05 * number)
        sf.write(tmp_path / "recordings" / f"clip{number}.flac", tone.T, 22_050)
    study = ["study", str(tmp_path / "recordings"), "--out", str(tmp_path / "study"), "--network", str(design)]
    study += ["--samplers", "replacement", "--steps", "2", "--cases", "2"]
    study += ["--begin", "0.5", "--known", "1", "--new", "1"]
    capsys.readouterr()
    with _limited(20_000):
        assert main(study) == 1
    said = capsys.readouterr().err
    assert "is full" in said and "unexpected" not in said
    assert list((tmp_path / "study" / "cases").iterdir()) == []
