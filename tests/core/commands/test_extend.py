"""Whole runs of the command line with a tiny network: from a file to a longer one."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from core.audio.opening import open_source
from core.commands.progress import ProgressReport
from core.errors import AudioError
from core.extension.recipe import read_recipe, recipe_ending, recipe_settings
from core.extension.run import run_extension
from core.extension.settings import Settings
from tests.core.commands.helpers import names, samples

pytestmark = pytest.mark.journey

Write = Callable[..., Path]
Extend = Callable[..., int]


@pytest.mark.parametrize(
    ("rate", "channels", "subtype", "suffix"),
    [
        (8_000, 1, "PCM_16", ".wav"),
        (44_100, 2, "PCM_24", ".wav"),
        (192_000, 1, "PCM_16", ".flac"),
        (22_050, 6, "FLOAT", ".wav"),
    ],
)
def test_the_original_comes_first_untouched(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    extend: Extend,
    tmp_path: Path,
    rate: int,
    channels: int,
    subtype: str,
    suffix: str,
) -> None:
    source = clip(f"in{suffix}", rate=rate, channels=channels, subtype=subtype)
    before = source.read_bytes()
    assert extend(source, tmp_path / "out.wav") == 0
    captured = capsys.readouterr()
    original, result = samples(source), samples(tmp_path / "out.wav")
    info = sf.info(tmp_path / "out.wav")
    assert (info.samplerate, info.channels, info.subtype) == (rate, channels, subtype)
    assert len(result) == len(original) + rate // 2
    np.testing.assert_array_equal(result[: len(original)], original)
    assert np.abs(result[len(original) :]).max() > 1e-3  # something was made
    assert source.read_bytes() == before
    assert f"original identical: yes, {len(original)} samples\n" in captured.out
    assert "8 network evaluations in " in captured.out  # two windows of 0.25 s, four steps each
    assert captured.err.splitlines()[-1].startswith("100%: 8 of 8 evaluations") or "100%" in captured.err
    assert names(tmp_path) == sorted([source.name, "out.wav", "out.wav.json"])


def test_the_same_seed_gives_the_same_file(clip: Write, extend: Extend, tmp_path: Path) -> None:
    source = clip(subtype="FLOAT")
    for name, seed in (("one", "5"), ("two", "5"), ("other", "6")):
        assert extend(source, tmp_path / f"{name}.wav", "--seed", seed) == 0
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()
    assert (tmp_path / "one.wav").read_bytes() != (tmp_path / "other.wav").read_bytes()


def test_every_sampler_starts_from_the_same_noise(clip: Write, extend: Extend, tmp_path: Path) -> None:
    """The paper's comparison is only fair when it does."""
    source = clip()
    hashes, results = set(), set()
    for sampler in ("interpolation", "repaint", "replacement"):
        out = tmp_path / f"{sampler}.wav"
        more = ("--jump-length", "2", "--resamplings", "2") if sampler == "repaint" else ()
        assert extend(source, out, "--sampler", sampler, "--seed", "3", *more) == 0
        hashes.add(read_recipe(tmp_path / f"{sampler}.wav.json")["x_T_sha256"])
        results.add(out.read_bytes())
    assert len(hashes) == 1 and len(results) == 3


def test_the_recipe_tells_everything(clip: Write, extend: Extend, tmp_path: Path, network: Path) -> None:
    source = clip(rate=44_100, channels=2)
    more = ("--sampler", "repaint", "--jump-length", "2", "--resamplings", "3", "--seed", "11", "--context", "0.4")
    assert extend(source, tmp_path / "out.wav", *more) == 0
    recipe = json.loads((tmp_path / "out.wav.json").read_text())
    assert recipe["network"]["name"] == "tiny" and len(recipe["network"]["weights_sha256"]) == 64
    assert recipe["sampler"] == {"name": "repaint", "jump_length": 2, "resamplings": 3, "solver": "ancestral"}
    assert (recipe["steps"], recipe["seed"], recipe["seconds"], recipe["context_seconds"]) == (4, 11, 0.5, 0.4)
    assert sum(window["new_frames"] for window in recipe["windows"]) == 4000
    assert recipe["evaluations"] == len(recipe["windows"]) * 8  # 4 steps, and (4 / 2 - 1) * (3 - 1) * 2 more
    assert len(recipe["x_T_sha256"]) == 64
    with open_source(source) as opened:
        assert recipe["source"]["sha256"] == opened.sha256()
        assert recipe["identical_samples"] == recipe["source"]["frames"] == opened.frames
    assert (recipe["source"]["name"], recipe["source"]["channels"], recipe["output"]) == ("in.wav", 2, "out.wav")
    assert (recipe["device"], recipe["complete"], recipe["new_frames"]) == ("cpu", True, 22_050)
    assert {"pianodiff", "python", "torch", "numpy", "soundfile"} <= recipe["versions"].keys()


@pytest.mark.parametrize(
    "more",
    [
        ("--seed", "4"),
        ("--lambda", "linear", "--steps", "7", "--seed", "123456789012345"),
        ("--sampler", "repaint", "--jump-length", "2", "--resamplings", "2", "--context", "0.3"),
        ("--sampler", "replacement", "--seconds", "0.6"),
        ("--zero-shot", "--steps", "3"),
        ("--ending", "cut"),
        ("--ending", "fade:0.2"),
    ],
)
def test_a_recipe_makes_the_same_samples_again(
    clip: Write, extend: Extend, tmp_path: Path, more: tuple[str, ...]
) -> None:
    source = clip(rate=22_050, channels=2)
    assert extend(source, tmp_path / "out.wav", *more) == 0
    recipe = read_recipe(tmp_path / "out.wav.json")
    settings, seconds = recipe_settings(recipe)
    with open_source(source) as opened:
        run_extension(opened, tmp_path / "again.wav", seconds, settings, ending=recipe_ending(recipe))
    assert (tmp_path / "again.wav").read_bytes() == (tmp_path / "out.wav").read_bytes()
    first, again = (read_recipe(tmp_path / f"{name}.wav.json") for name in ("out", "again"))
    for recipe in (first, again):
        del recipe["output"], recipe["elapsed_seconds"]
    assert first == again


def test_overwrite_replaces_both_files(clip: Write, extend: Extend, tmp_path: Path) -> None:
    source = clip()
    (tmp_path / "out.wav").write_text("old")
    (tmp_path / "out.wav.json").write_text("old")
    assert extend(source, tmp_path / "out.wav", "--overwrite") == 0
    assert sf.info(tmp_path / "out.wav").frames == 6400 + 4000
    assert read_recipe(tmp_path / "out.wav.json")["seed"] == 0


# Odd input


def test_a_clip_shorter_than_the_context(clip: Write, extend: Extend, tmp_path: Path) -> None:
    source = clip(seconds=0.2)
    assert extend(source, tmp_path / "out.wav") == 0
    windows = read_recipe(tmp_path / "out.wav.json")["windows"]
    assert windows[0]["context_frames"] == 1600
    np.testing.assert_array_equal(samples(tmp_path / "out.wav")[:1600], samples(source))


def test_a_clipped_recording(clip: Write, extend: Extend, tmp_path: Path) -> None:
    """A source at full scale is no reason for clipped, or wrapped, new audio."""
    source = clip(gain=20.0)
    assert (np.abs(samples(source)) > 0.999).mean() > 0.05
    assert extend(source, tmp_path / "out.wav") == 0
    np.testing.assert_array_equal(samples(tmp_path / "out.wav")[:6400], samples(source))


def test_a_cut_file_is_used_and_said_so(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    data = clip("whole.wav").read_bytes()
    (tmp_path / "in.wav").write_bytes(data[: len(data) // 2])
    assert extend(tmp_path / "in.wav", tmp_path / "out.wav") == 0
    captured = capsys.readouterr()
    assert "pianodiff: note: in.wav is cut short (its header promises 0.80 s)" in captured.err
    assert "original identical: yes, 3189 samples" in captured.out


def test_a_lossy_source(capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path) -> None:
    source = clip("in.ogg", rate=22_050, subtype="VORBIS")
    assert extend(source, tmp_path / "out.wav") == 0
    assert "original identical to the decoded Ogg Vorbis source: yes, " in capsys.readouterr().out
    np.testing.assert_array_equal(samples(tmp_path / "out.wav")[: sf.info(source).frames], samples(source))


def write_silence(path: Path) -> None:
    sf.write(path, np.zeros(8000), 8000)


def write_one_sample(path: Path) -> None:
    sf.write(path, np.array([0.5]), 8000)


@pytest.mark.parametrize(("make", "says"), [(write_silence, "silent"), (write_one_sample, "too short")])
def test_nothing_to_continue(
    capsys: pytest.CaptureFixture[str],
    extend: Extend,
    tmp_path: Path,
    make: Callable[[Path], None],
    says: str,
) -> None:
    make(tmp_path / "in.wav")
    assert extend(tmp_path / "in.wav", tmp_path / "out.wav") == 1
    error = capsys.readouterr().err
    assert error.startswith("pianodiff: error: ") and says in error
    assert names(tmp_path) == ["in.wav"]


def test_corrupt_weights(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, network: Path
) -> None:
    source = clip()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_bytes((network / "config.json").read_bytes())
    weights = (network / "weights.safetensors").read_bytes()
    for damage in (b"no weights", weights[:1000], weights[: len(weights) // 2], b""):
        (broken / "weights.safetensors").write_bytes(damage)
        assert extend(source, tmp_path / "out.wav", "--network", str(broken)) == 1
        captured = capsys.readouterr()
        assert captured.err.startswith("pianodiff: error: ") and "weights.safetensors" in captured.err
    assert names(tmp_path) == ["broken", "in.wav"]


def test_a_device_that_is_not_there(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    from core.device import available_devices

    absent = [name for name in ("cuda", "mps") if name not in available_devices()]
    assert absent, "no machine has both CUDA and MPS"
    assert extend(clip(), tmp_path / "out.wav", "--device", absent[0]) == 2
    assert f"no device '{absent[0]}'" in capsys.readouterr().err
    assert names(tmp_path) == ["in.wav"]


def test_a_disk_that_fills_up_at_the_end(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = clip()

    def full(*_: object) -> None:  # for the audio; what little is kept of the windows had room
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr("core.audio.target.Target.finish", full)
        assert extend(source, tmp_path / "out.wav") == 1
    assert "is full. Nothing was written." in capsys.readouterr().err
    assert names(tmp_path) == ["in.wav", "out.wav.unfinished"]
    assert extend(source, tmp_path / "out.wav") == 0  # room was made: what was computed is not computed again
    assert "taken over from an earlier call" in capsys.readouterr().out
    assert names(tmp_path) == ["in.wav", "out.wav", "out.wav.json"]


def test_a_recipe_that_cannot_be_written_is_not_hidden(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes of work are on the disk: the message must say so."""
    source = clip()
    (tmp_path / "out.wav.json").mkdir()
    monkeypatch.setattr("core.extension.run.check_recipe_destination", lambda *_, **__: None)
    assert extend(source, tmp_path / "out.wav") == 1
    error = capsys.readouterr().err
    assert "out.wav is written, but not its recipe" in error and "is a folder" in error
    assert sf.info(tmp_path / "out.wav").frames == 6400 + 4000


def test_a_source_that_changes_during_the_run(clip: Write, tmp_path: Path, network: Path) -> None:
    source = clip()

    def spoil(_: Any) -> None:
        sf.write(source, np.zeros(6400), 8000)

    settings = Settings(steps=4, network=str(network))
    with open_source(source) as opened, pytest.raises(AudioError, match="was changed"):
        run_extension(opened, tmp_path / "out.wav", 0.5, settings, progress=spoil)
    assert names(tmp_path) == ["in.wav", "out.wav.unfinished"]


# Ctrl-C


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """interrupt(n): Ctrl-C right after the n-th network evaluation."""
    update = ProgressReport.update

    def at(evaluation: int) -> None:
        def stop(self: ProgressReport, done: int, *more: int) -> None:
            update(self, done, *more)
            if done == evaluation:
                raise KeyboardInterrupt

        monkeypatch.setattr(ProgressReport, "update", stop)

    yield at


@pytest.mark.parametrize("sampler", ["interpolation", "repaint", "replacement"])
def test_cancelled_before_a_window_is_complete(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    extend: Extend,
    tmp_path: Path,
    interrupt: Callable[[int], None],
    sampler: str,
) -> None:
    source = clip()
    interrupt(3)
    assert extend(source, tmp_path / "out.wav", "--sampler", sampler) == 130
    assert "cancelled after 3 of 8 evaluations" in capsys.readouterr().err
    assert names(tmp_path) == ["in.wav"]


@pytest.mark.parametrize("evaluation", [4, 6])
def test_cancelled_after_a_window(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    extend: Extend,
    tmp_path: Path,
    interrupt: Callable[[int], None],
    evaluation: int,
) -> None:
    """The complete window is kept, and is what the whole run would have begun with."""
    source = clip()
    assert extend(source, tmp_path / "whole.wav", "--ending", "cut") == 0
    interrupt(evaluation)
    assert extend(source, tmp_path / "out.wav", "--ending", "cut") == 130
    captured = capsys.readouterr()
    assert f"cancelled after {evaluation} of 8 evaluations" in captured.err
    assert "written: 0.25 s of 0.5 s" in captured.err
    assert "original identical: yes, 6400 samples" in captured.out
    result = samples(tmp_path / "out.wav", "int16")
    assert len(result) == 6400 + 2000
    np.testing.assert_array_equal(result, samples(tmp_path / "whole.wav", "int16")[: len(result)])
    recipe = read_recipe(tmp_path / "out.wav.json")
    assert (recipe["complete"], recipe["evaluations"], recipe["new_frames"]) == (False, evaluation, 2000)


def test_cancelled_at_the_export(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = clip()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.audio.export._is_kept", interrupt)
    assert extend(source, tmp_path / "out.wav") == 130
    assert capsys.readouterr().err.endswith("pianodiff: cancelled. Nothing half-written is left behind.\n")
    assert names(tmp_path) == ["in.wav", "out.wav.unfinished"]


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_a_real_interruption(clip: Write, tmp_path: Path, network: Path) -> None:
    """The same from outside: another process, a real SIGINT in the middle of the work."""
    # A shell may have started the tests with SIGINT ignored, which children inherit.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from core.commands.main import main; sys.exit(main())"
    )
    source = clip()
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", program, "extend", str(source), str(tmp_path / "out.wav")),
            *("--seconds", "20", "--steps", "10", "--network", str(network), "--device", "cpu"),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
        # A shell starts what it runs in the background with SIGINT ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()  # 10 %: 8 windows are complete
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
    assert "Traceback" not in first + rest
    assert code == 130
    assert "cancelled after " in rest and "What was complete is written" in rest
    np.testing.assert_array_equal(samples(tmp_path / "out.wav")[:6400], samples(source))
    assert 6400 + 8 * 2000 <= sf.info(tmp_path / "out.wav").frames < 6400 + 20 * 8000
    assert names(tmp_path) == ["in.wav", "out.wav", "out.wav.json", "out.wav.unfinished"]
    assert "with --overwrite goes on from there" in rest


def test_a_sampler_of_ones_own_runs_and_its_mistakes_are_told(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    good = "from core.diffusion.samplers import SAMPLERS\nfrom core.extension.settings import Settings\n\n\n"
    good += "def sample(denoiser, known, keep, steps, noise):\n"
    good += "    yield from SAMPLERS['decoupled'].run(denoiser, known, keep, Settings(steps=steps), noise)\n"
    (tmp_path / "mine.py").write_text(good)
    assert extend(clip(), tmp_path / "out.wav", "--sampler", str(tmp_path / "mine.py")) == 0
    assert read_recipe(tmp_path / "out.wav.json")["sampler"]["name"] == str(tmp_path / "mine.py")
    (tmp_path / "mine.py").write_text(good.replace("steps=steps", "steps=1 / 0"))
    capsys.readouterr()
    assert extend(clip(), tmp_path / "out2.wav", "--sampler", str(tmp_path / "mine.py")) == 1
    assert "mine.py, line 6: ZeroDivisionError" in capsys.readouterr().err
    assert not (tmp_path / "out2.wav").exists()


# Recordings that end in a fade or in silence.


def test_silence_at_the_end_is_told_and_left_out_when_asked(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    """Breaks when a recording with silence at its end can't be continued but by cutting it first."""
    music, rate = sf.read(clip(), dtype="float32")
    sf.write(tmp_path / "ends.wav", np.concatenate([music, np.zeros(2 * rate)]), rate, subtype="PCM_16")
    assert extend(tmp_path / "ends.wav", tmp_path / "told.wav") == 1
    told = capsys.readouterr().err
    assert "2.00 s of silence. With --trim-silence" in told and "silent: there is nothing to continue" in told
    assert extend(tmp_path / "ends.wav", tmp_path / "out.wav", "--trim-silence") == 0
    captured = capsys.readouterr()
    assert "2.00 s of silence at the end of ends.wav are left out" in captured.err
    assert "original identical: yes" in captured.out
    result, recipe = samples(tmp_path / "out.wav", "int16"), read_recipe(tmp_path / "out.wav.json")
    assert recipe["source"]["frames"] + recipe["source"]["frames_left_out"] == len(music) + 2 * rate
    assert recipe["source"]["frames"] == pytest.approx(len(music), abs=rate // 20)
    assert len(result) == recipe["source"]["frames"] + recipe["new_frames"]
    np.testing.assert_array_equal(result[: len(music) - 400], samples(clip(), "int16")[:-400])
    silent = tmp_path / "silent.wav"
    sf.write(silent, np.zeros(rate), rate)
    assert extend(silent, tmp_path / "no.wav", "--trim-silence") == 1
    assert "silent from beginning to end" in capsys.readouterr().err


def test_a_fade_is_told_and_held_when_asked(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    """Breaks when nobody learns that a fade-out is continued loudly, or its recipe forgets that it was not."""
    music, rate = sf.read(clip(seconds=2.0), dtype="float32")
    sf.write(tmp_path / "fades.wav", music * 10 ** (np.linspace(0, -2.5, len(music))), rate, subtype="PCM_24")
    assert extend(tmp_path / "fades.wav", tmp_path / "loud.wav") == 0
    assert "dB softer than what leads to it. With --hold-level" in capsys.readouterr().err
    assert extend(tmp_path / "fades.wav", tmp_path / "soft.wav", "--hold-level") == 0
    assert "--hold-level" not in capsys.readouterr().err
    loud, soft = (np.abs(samples(tmp_path / f"{name}.wav", "float64")[len(music) :]).max() for name in ("loud", "soft"))
    assert soft < 0.5 * loud
    assert recipe_settings(read_recipe(tmp_path / "soft.wav.json"))[0].hold_level
