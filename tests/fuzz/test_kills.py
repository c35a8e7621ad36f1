"""kill -9 at a random moment: there is the old file or the new one, never half of one."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch

from core.audio.writing import write_text
from core.extension.recipe import read_recipe
from core.networks.checkpoint import load_denoiser
from core.study.trace import Trace
from core.training.state import read_header
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import SUFFIX, Saved, read_folder, read_session
from tests.core.study.conftest import write_clip
from tests.core.tiny_network import write_tiny_network
from tests.core.tones import chord
from tests.fuzz.victim import FRAMES, LENGTHS, new_audio, recording

FULL = {"export": 60, "autosave": 50, "session": 50, "training": 20, "study": 20}
HANDFUL = {"export": 3, "autosave": 2, "session": 2, "training": 1, "study": 1}
LONGEST = {"export": 0.5, "autosave": 0.5, "session": 0.5, "training": 4.0, "study": 4.0}
"""Seconds after everything has been written once, within which the kill comes."""


def kill(repository: Path, what: str, folder: Path, seconds: float) -> None:
    """Start that victim, and kill it so long after it is ready."""
    command = [sys.executable, "-m", "tests.fuzz.victim", what, str(folder)]
    process = subprocess.Popen(
        command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "ready\n":
                break
        else:
            raise AssertionError(process.communicate()[1])
        time.sleep(seconds)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode in (-signal.SIGKILL, 0)  # a short command may have come to its end


def check_export(folder: Path, _: object) -> None:
    """Audio and recipe, each of one version; of the same one, but when the kill came between the two."""
    samples, _rate = sf.read(folder / "out.wav", dtype="float32")
    original, _rate = sf.read(recording(folder), dtype="float32")
    version = LENGTHS.index(len(samples) - FRAMES)
    np.testing.assert_array_equal(samples[:FRAMES], original)
    np.testing.assert_allclose(samples[FRAMES:], new_audio(version)[0], atol=1e-4)
    assert read_recipe(folder / "out.wav.json")["seed"] in (0, 1)
    leftovers(folder, {"in.wav", "out.wav", "out.wav.json"})


def check_saved(found: Saved) -> None:
    """One take of one version."""
    ((_, _, (stretch,)),) = found.takes
    version = stretch.run["seed"]
    np.testing.assert_array_equal(stretch.samples, new_audio(version))


def check_autosave(folder: Path, _: object) -> None:
    """It is found, and whole."""
    found = Autosave(folder / "sessions").find()
    assert found is not None
    check_saved(read_folder(found))
    Autosave.forget(found)
    assert list((folder / "sessions").iterdir()) == []


def check_session(folder: Path, _: object) -> None:
    """It opens."""
    check_saved(read_session(folder / f"mine{SUFFIX}"))
    leftovers(folder, {"in.wav", f"mine{SUFFIX}"})


def leftovers(folder: Path, wanted: set[str]) -> None:
    """Nothing but a hidden temporary file, which a later export there removes (`core.audio.writing.sweep`)."""
    others = {path.name for path in folder.iterdir()} - wanted
    assert all(name.startswith(".pianodiff-") and name.endswith(".part") for name in others), others
    assert len(others) <= 1
    for name in others:
        (folder / name).unlink()


def check_training(folder: Path, _: object) -> None:
    """The run can go on, and its folder is a network."""
    header = read_header(folder / "run")
    assert header.progress.step >= 1
    load_denoiser(str(folder / "run"), torch.device("cpu"))
    leftovers_of_a_run = [path for path in (folder / "run").iterdir() if path.suffix == ".part"]
    assert len(leftovers_of_a_run) <= 1


def check_study(folder: Path, _: object) -> None:
    """Every record stands for audio and a trace that are whole."""
    records = list((folder / "out" / "cases").glob("*.json"))
    for path in records:
        content = path.with_suffix(".wav").read_bytes()
        assert json.loads(path.read_text())["audio_sha256"] == hashlib.sha256(content).hexdigest()
        assert Trace.load(path.with_suffix(".npz")).levels


def prepare(what: str, folder: Path) -> None:
    """What a command needs; nothing for those that only write."""
    if what == "training":
        design = write_tiny_network(folder / "design")
        (folder / "recordings").mkdir()
        for name, rate in (("a", 4000), ("b", 8000)):
            sf.write(folder / "recordings" / f"{name}.wav", chord(4.0, rate, level=0.1).T, rate, subtype="FLOAT")
        arguments = ["train", "--data", str(folder / "recordings"), "--network", str(design), "--out",
                     str(folder / "run"), "--crop-seconds", "0.25", "--batch-seconds", "1", "--precision", "float32",
                     "--device", "cpu", "--no-samples", "--workers", "0", "--save-minutes", "0", "--steps",
                     "100000"]  # fmt: skip
        sign = "run/config.json"
    elif what == "study":
        network = write_tiny_network(folder / "tiny", sample_rate=8000)
        (folder / "clips").mkdir()
        for number in range(3):
            write_clip(folder / "clips" / f"{number}.wav", number, 4.0)
        arguments = ["study", str(folder / "clips"), "--out", str(folder / "out"), "--network", str(network)]
        arguments += ["--samplers", "replacement", "--steps", "4", "--seeds", "40", "--cases", "3"]
        arguments += ["--begin", "0.5", "--known", "1", "--new", "0.5"]
        sign = "out/cases/*.json"
    else:
        recording(folder)
        return
    (folder / "command.json").write_text(json.dumps({"arguments": arguments, "sign": sign}))


CHECKS: dict[str, Callable[[Path, object], None]] = {
    "export": check_export,
    "autosave": check_autosave,
    "session": check_session,
    "training": check_training,
    "study": check_study,
}


def kill_many(repository: Path, what: str, folder: Path, count: int) -> None:
    """As often, each in a folder that the ones before have left as it is."""
    rng = random.Random(f"{what} {count}")
    prepare(what, folder)
    for _ in range(count):
        if what == "training" and (folder / "run").exists():
            plan = json.loads((folder / "command.json").read_text())
            plan["arguments"] = ["train", "--out", str(folder / "run"), "--resume"]
            (folder / "command.json").write_text(json.dumps(plan))
        kill(repository, what, folder, rng.uniform(0, LONGEST[what]))
        CHECKS[what](folder, None)


@pytest.mark.journey
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("what", HANDFUL)
def test_a_kill_at_a_random_moment_tears_nothing(repository: Path, tmp_path: Path, what: str) -> None:
    """Breaks when a file is written in place, or two that belong together can't be told apart from others."""
    kill_many(repository, what, tmp_path, HANDFUL[what])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("what", FULL)
def test_200_kills_tear_nothing(repository: Path, tmp_path: Path, what: str) -> None:
    """The same, two hundred times in all."""
    assert sum(FULL.values()) == 200
    kill_many(repository, what, tmp_path, FULL[what])


def test_leftovers_are_swept_by_the_next_write(tmp_path: Path) -> None:
    """Breaks when what a kill leaves stays on the disk for ever, or a file is removed that is being written."""
    old, new, other = (tmp_path / name for name in (".pianodiff-aa.part", ".pianodiff-bb.part", "mine.part"))
    for path in (old, new, other):
        path.write_bytes(bytes(1000))
    hours = time.time() - 2 * 3600
    os.utime(old, (hours, hours))
    os.utime(other, (hours, hours))
    write_text(tmp_path / "a.txt", "a", overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".pianodiff-bb.part", "a.txt", "mine.part"]

