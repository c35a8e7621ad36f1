"""`pianodiff train` as a whole: what it leaves behind, resume, several processes, little data, broken steps."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from core.commands.main import main
from core.errors import NetworkError, SettingsError
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.training import loop
from core.training.batches import Batch, Batches
from core.training.loop import Outcome, rate_factor, share_done, train, update_average
from core.training.settings import TrainingSettings
from core.training.state import STATE_NAME, Progress, read_header
from tests.core.tones import chord
from tests.core.training.conftest import DIFFWAVE

pytestmark = pytest.mark.journey

RUN: dict[str, Any] = {
    "crop_seconds": (0.25, 0.5),
    "batch_seconds": 2.0,
    "precision": "float32",
    "device": "cpu",
    "workers": 0,
    "warm_up": 2,
    "samples": False,
}


def settings(recordings: Path, design: Path, **changes: Any) -> TrainingSettings:
    return TrainingSettings(**{"data": (str(recordings),), "network": str(design), "steps": 4, **RUN, **changes})


def silent(_: str) -> None:
    """Nobody reads the progress here."""


def command(recordings: Path, design: Path, out: Path, *more: str) -> list[str]:
    """The arguments of `pianodiff train` for the same run."""
    return ["train", "--data", str(recordings), "--network", str(design), "--out", str(out), "--crop-seconds", "0.25",
            "0.5", "--batch-seconds", "2", "--precision", "float32", "--device", "cpu", "--warm-up", "2",
            "--no-samples", *more]  # fmt: skip


def environment(repository: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}


def tensors(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / STATE_NAME)


# What a run leaves behind.


def test_a_run_leaves_a_network_a_log_and_continuations(
    recordings: Path, design: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command as the documentation gives it: its folder must be usable as a network without any further step.

    In the arithmetic that this machine has, bf16 where it can.
    """
    out = tmp_path / "mine"
    arguments = command(recordings, design, out, "--steps", "3", "--precision", "auto")
    assert main([argument for argument in arguments if argument != "--no-samples"]) == 0
    said = capsys.readouterr().out
    assert "recordings: 0.2 minutes in 3 files, 3 pieces" in said and "validation" in said
    assert f"--network {out}" in said

    info = find_network(str(out))
    assert info.title == "Tiny (mine)" and "'recordings'; 3 steps, 6 s of audio" in info.trained_on
    load_denoiser(str(out), torch.device("cpu"))
    sample, rate = soundfile.read(out / "samples" / "step-0000003.wav")
    assert rate == 4000 and len(sample) == 3000 and np.isfinite(sample).all() and sample[2000:].any()
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["step"] == 3 and {"validation/sigma 0.1", "audio_seconds"} <= entries[-1].keys()
    assert list((out / "tensorboard").glob("events*"))


def test_training_lowers_the_loss(recordings: Path, tmp_path: Path) -> None:
    """A sign or a scale turned round anywhere in the loop shows here: it would rise, or stay at 1."""
    design = tmp_path / "diffwave"
    design.mkdir()
    (design / "config.json").write_text(json.dumps(DIFFWAVE))
    run = settings(recordings, design, steps=40, learning_rate=1e-2, half_life=10.0, augmentation="none", seed=1)
    train(run, tmp_path / "run", say=silent)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    levels = [value for name, value in log[-1].items() if name.startswith("validation/")]
    assert np.mean(levels) < 0.8


def test_the_published_network_is_the_average_in_half_precision(recordings: Path, design: Path, tmp_path: Path) -> None:
    """Shipped weights must be the ones that were validated; statistics of the data keep their precision."""
    train(settings(recordings, design), tmp_path / "run", say=silent)
    state, published = tensors(tmp_path / "run"), load_file(tmp_path / "run" / "weights.safetensors")
    assert published["band_std"].dtype == torch.float32 and published["head.weight"].dtype == torch.float16
    for name, value in published.items():
        torch.testing.assert_close(value.float(), state[f"average/{name}"], rtol=1e-3, atol=1e-7)


# Resume.


def test_a_killed_run_resumes_bit_for_bit(repository: Path, recordings: Path, design: Path, tmp_path: Path) -> None:
    """Kill -9 in the middle, resume: weights, average, optimiser, data and noise must all be where they were."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run = settings(recordings, design, steps=12)
    train(run, whole, say=silent)

    options = command(recordings, design, killed, "--steps", "12", "--save-minutes", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "core.commands.main", *options], env=environment(repository), cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not (killed / STATE_NAME).exists() or read_header(killed).progress.step < 4:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert 4 <= read_header(killed).progress.step < 12

    said: list[str] = []
    train(run, killed, resume=True, say=said.append)
    assert any(line.startswith("going on at step ") for line in said)
    expected, found = tensors(whole), tensors(killed)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert (whole / "weights.safetensors").read_bytes() == (killed / "weights.safetensors").read_bytes()
    steps = [json.loads(line)["step"] for line in (killed / "log.jsonl").read_text().splitlines()]
    assert steps == sorted(set(steps)) and steps[-1] == 12


def test_ctrl_c_saves_and_says_how_to_go_on(repository: Path, recordings: Path, design: Path, tmp_path: Path) -> None:
    """Ctrl-C reaches the data workers too: none of them may take the save down."""
    out = tmp_path / "run"
    arguments = command(recordings, design, out, "--steps", "100000", "--workers", "2", "--save-minutes", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "core.commands.main", *arguments], env=environment(repository), cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not (out / STATE_NAME).exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert f"stopped and saved at step {read_header(out).progress.step}" in errors and "--resume" in errors
    assert "Traceback" not in errors


def test_a_run_may_be_given_more_steps(recordings: Path, design: Path, tmp_path: Path) -> None:
    """--steps is the total: a finished run goes on from where it ended, and a finished one is left alone."""
    run = settings(recordings, design)
    train(run, tmp_path / "run", say=silent)
    before = tensors(tmp_path / "run")
    again = train(run, tmp_path / "run", resume=True, say=silent)
    assert again.finished and again.progress.step == 4
    assert all(torch.equal(value, before[name]) for name, value in tensors(tmp_path / "run").items())
    longer = train(run.resumed_with({"steps": 6}), tmp_path / "run", resume=True, say=silent)
    assert longer.progress.step == 6 and longer.progress.audio_seconds == pytest.approx(12, rel=0.05)


def test_a_run_is_not_overwritten(recordings: Path, design: Path, tmp_path: Path) -> None:
    """The same command typed twice must not throw days of training away, nor another network's weights."""
    train(settings(recordings, design, steps=1), tmp_path / "run", say=silent)
    with pytest.raises(SettingsError, match="already holds a run"):
        train(settings(recordings, design, steps=1), tmp_path / "run", say=silent)
    before = (design / "weights.safetensors").read_bytes()
    with pytest.raises(SettingsError, match="already holds a network"):
        train(settings(recordings, design, steps=1), design, say=silent)
    assert (design / "weights.safetensors").read_bytes() == before


def test_resume_refuses_what_would_make_it_another_run(
    recordings: Path, design: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other data or another seed would leave a run that no one can describe; nothing to resume is said plainly."""
    train(settings(recordings, design, steps=1), tmp_path / "run", say=silent)
    assert main(["train", "--out", str(tmp_path / "run"), "--resume", "--seed", "3"]) == 2
    assert "another --seed (0)" in capsys.readouterr().err
    assert main(["train", "--out", str(tmp_path / "nothing"), "--resume"]) == 1
    assert "no training run to go on with" in capsys.readouterr().err
    (tmp_path / "run" / STATE_NAME).write_bytes(b"half a file")
    assert main(["train", "--out", str(tmp_path / "run"), "--resume"]) == 1
    assert "not the state of a training run" in capsys.readouterr().err


def test_resume_goes_by_what_the_recordings_are_not_where(recordings: Path, design: Path, tmp_path: Path) -> None:
    """Moved, they are the same run; one more piece would silently change every crop and the split."""
    run = settings(recordings, design, steps=1)
    train(run, tmp_path / "run", say=silent)
    moved = tmp_path / "moved"
    recordings.rename(moved)
    longer = run.resumed_with({"steps": 2, "data": (str(moved),)})
    assert train(longer, tmp_path / "run", resume=True, say=silent).finished
    shutil.copy(moved / "piecea.wav", moved / "pieced.wav")
    with pytest.raises(SettingsError, match="recordings have changed"):
        train(longer, tmp_path / "run", resume=True, say=silent)
    (moved / "pieced.wav").unlink()
    (design / "config.json").write_text((design / "config.json").read_text().replace('"levels": 200', '"levels": 100'))
    with pytest.raises(SettingsError, match="design of this network has changed"):
        train(longer, tmp_path / "run", resume=True, say=silent)


def test_a_log_that_was_cut_short_does_not_keep_a_run_from_going_on(
    recordings: Path, design: Path, tmp_path: Path
) -> None:
    """A full disk or a power cut leaves half a line; the weights beside it are whole."""
    run = settings(recordings, design, steps=1)
    train(run, tmp_path / "run", say=silent)
    with (tmp_path / "run" / "log.jsonl").open("a") as log:
        log.write('{"step": 1, "lo')
    train(run.resumed_with({"steps": 2}), tmp_path / "run", resume=True, say=silent)
    entries = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [1, 2]


# Several processes.


def test_two_processes_give_the_weights_of_one(repository: Path, recordings: Path, tmp_path: Path) -> None:
    """Gradients averaged over crops seen once each: nothing else keeps a cluster's result that of one machine. Resumed
    half-way, too: then every process has to have the optimiser's state, not only the one that reads it.

    With DiffWave: a bias before a normalisation, as the U-Net has them, has no gradient but rounding, of which AdamW
    makes full steps.
    """
    single, pair, design = tmp_path / "single", tmp_path / "pair", tmp_path / "config.json"
    design.write_text(json.dumps(DIFFWAVE))
    run = settings(recordings, design, steps=4)
    train(run, single, say=silent)
    train(run.resumed_with({"steps": 8}), single, resume=True, say=silent)
    torchrun = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        "-m",
        "core.commands.main",
    ]
    start = command(recordings, design, pair, "--steps", "4", "--workers", "0")
    for options in (start, ["train", "--out", str(pair), "--resume", "--steps", "8"]):
        subprocess.run([*torchrun, *options], env=environment(repository), check=True, cwd=tmp_path)
    expected, found = tensors(single), tensors(pair)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        if name.startswith(("network/", "average/")):
            torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-7)


# Little data, bad data.


@pytest.mark.parametrize(("count", "seconds"), [(14, 1.0), (1, 3.0), (1, 0.2)])
def test_any_folder_of_audio_will_do(design: Path, tmp_path: Path, count: int, seconds: float) -> None:
    """Many files, one of 3 s, one shorter than a crop: none may crash, or leave the loader waiting."""
    folder = tmp_path / "audio"
    folder.mkdir()
    for index in range(count):
        soundfile.write(folder / f"piece{chr(97 + index)}.wav", chord(seconds, 4000).T, 4000)
    assert train(settings(folder, design, steps=2), tmp_path / "run", say=silent).finished


def test_a_step_that_is_not_finite_is_skipped_and_counted(
    recordings: Path, design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad crop must cost one step, not the weights: nothing of it may reach weights, average or optimiser."""
    honest: Callable[[Batches, int], Batch] = Batches.__getitem__

    def poisoned(self: Batches, step: int) -> Batch:
        batch = honest(self, step)
        if step == 2:
            batch.clean[0, 5] = np.nan
        return batch

    monkeypatch.setattr(Batches, "__getitem__", poisoned)
    outcome = train(settings(recordings, design), tmp_path / "run", say=silent)
    assert outcome.progress.skipped == 1 and outcome.progress.step == 4
    found = tensors(tmp_path / "run")
    assert all(bool(torch.isfinite(value).all()) for value in found.values())
    assert float(found["optimiser/step/head.weight"]) == 3


def test_a_training_that_diverged_ends_and_keeps_what_was_saved(
    recordings: Path, design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipping for ever would burn hours in silence."""
    monkeypatch.setattr(loop, "DIVERGED_AFTER", 3)
    honest: Callable[[Batches, int], Batch] = Batches.__getitem__

    def poisoned(self: Batches, step: int) -> Batch:
        batch = honest(self, step)
        if step >= 2:
            batch.clean[:] = np.inf
        return batch

    monkeypatch.setattr(Batches, "__getitem__", poisoned)
    with pytest.raises(NetworkError, match="diverged"):
        train(settings(recordings, design, steps=50, save_minutes=0), tmp_path / "run", say=silent)
    assert all(bool(torch.isfinite(value).all()) for value in tensors(tmp_path / "run").values())


def test_starting_from_weights_starts_there(recordings: Path, design: Path, tmp_path: Path) -> None:
    """Fine-tuning with a learning rate of next to nothing must leave the weights where they were."""
    train(settings(recordings, design), tmp_path / "first", say=silent)
    again = settings(recordings, design, start=str(tmp_path / "first"), steps=1, learning_rate=1e-12)
    said: list[str] = []
    train(again, tmp_path / "second", say=said.append)
    before, after = (line.removeprefix("as it is: ") for line in said if "validation  " in line)
    assert before == after  # what there is to improve on is said first
    first, second = (load_file(tmp_path / name / "weights.safetensors") for name in ("first", "second"))
    for name, value in first.items():
        torch.testing.assert_close(value, second[name])
    assert "from the weights of 'first'" in find_network(str(tmp_path / "second")).trained_on
    shutil.rmtree(tmp_path / "first")  # resuming needs only the run itself
    assert train(again.resumed_with({"steps": 2}), tmp_path / "second", resume=True, say=silent).finished


def test_the_learning_rate_warms_up_and_decays() -> None:
    """A cold start at the peak wrecks the first hundred steps; without decay the last gain is never made."""
    run = TrainingSettings(data=("x",), steps=1000, warm_up=50)
    factors = [rate_factor(run, step, share_done(run, Progress(step=step))) for step in range(1000)]
    assert factors[0] == pytest.approx(1 / 51) and max(factors) > 0.99 and np.argmax(factors) == 50
    assert factors[-1] == pytest.approx(0.02, abs=1e-4) and (np.diff(factors[50:]) < 0).all()
    timed = TrainingSettings(data=("x",), minutes=2.0)
    assert share_done(timed, Progress(seconds=60)) == 0.5


def test_the_average_has_its_half_life_and_starts_short() -> None:
    """A wrong half-life ships weights of long ago; a long one at the start ships the random ones."""
    average, weights = {"w": torch.zeros(1)}, {"w": torch.ones(1)}
    for step in range(10):
        update_average(average, weights, 100.0, 1e6 + 100 * step, half_life=1000.0)
    assert float(average["w"]) == pytest.approx(0.5, abs=1e-5)
    fresh = {"w": torch.zeros(1)}
    update_average(fresh, weights, 8.0, 8.0, half_life=1000.0)
    assert float(fresh["w"]) > 0.99


def test_missing_data_and_networks_are_named(
    recordings: Path, design: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typo must not cost more than the sentence that names it."""
    base = ["train", "--out", str(tmp_path / "run"), "--steps", "1", "--network"]
    assert main([*base, str(design), "--data", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert main([*base, "spectrall", "--data", str(recordings)]) == 1
    assert "'spectrall' is not a network to train" in capsys.readouterr().err
    assert main([*base, str(design), "--data", str(recordings), "--from", str(tmp_path / "gone.safetensors")]) == 1
    assert "gone.safetensors" in capsys.readouterr().err
    twice = ["--data", str(recordings), "--data", str(recordings.parent)]
    assert main([*base, str(design), *twice]) == 2
    assert "lies inside" in capsys.readouterr().err


def test_an_outcome_tells_finished_from_stopped(recordings: Path, design: Path, tmp_path: Path) -> None:
    """Scripts go by the exit code: a stopped run is not a finished one."""
    assert train(settings(recordings, design, steps=1), tmp_path / "run", say=silent) == Outcome(
        read_header(tmp_path / "run").progress, finished=True
    )
