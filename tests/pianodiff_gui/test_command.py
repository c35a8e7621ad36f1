"""The `pianodiff` command as a user starts it: with a display, without one, and the packaged application's check."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile as sf
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.extension.settings import Settings
from pianodiff_gui import __main__ as command
from pianodiff_gui.app import ErrorCatcher
from pianodiff_gui.demo import extend_without_display
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.shell.window import MainWindow
from tests.core.tiny_network import write_tiny_network
from tests.pianodiff_gui.conftest import open_clip, run_to_end, use_network, write_clip

pytestmark = pytest.mark.journey


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server without a screen."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    if not number:
        pytest.skip("Xvfb did not start")
    yield f":{number}"
    server.terminate()
    server.wait(10)


def test_no_display_is_said_and_fails(no_display: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when starting over SSH ends in Qt's abort instead of a sentence."""
    assert command.main([]) == 1
    told = capsys.readouterr().err
    assert "no display" in told and "pianodiff extend" in told


def test_a_display_that_does_not_answer_counts_as_none(
    no_display: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Breaks when a DISPLAY left over from another session makes Qt abort the program."""
    monkeypatch.setenv("DISPLAY", ":9876")
    assert command.main([]) == 1
    assert "no display" in capsys.readouterr().err


def test_a_display_that_answers_counts(no_display: None, monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    """Breaks when the window is never shown although there is a display."""
    monkeypatch.setenv("DISPLAY", display)
    assert command.has_display()


@pytest.mark.parametrize("name", ["extend", "prepend", "fill", "generate", "train", "evaluate", "study", "testbed"])
def test_commands_need_no_window(no_display: None, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when a command is taken for the name of a recording to open."""
    assert command.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: pianodiff {name}")


def test_a_clip_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Breaks when a mistyped name opens an empty window."""
    assert command.main([str(tmp_path / "none.wav")]) == 1
    assert "there is no file" in capsys.readouterr().err
    assert command.main(["demo", str(tmp_path / "none.wav")]) == 1
    assert "there is no file" in capsys.readouterr().err


def test_demo_without_a_display_does_the_same_job(
    theme: Theme, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `make run` on a server lacks the audio, the recipe, the picture, or the picture is empty."""
    clip = write_clip(tmp_path / "clip.wav", 1.0)
    network = write_tiny_network(tmp_path / "tiny")
    out = tmp_path / "out"
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    settings = Settings(steps=2, network=str(network), device="cpu")
    assert extend_without_display(clip, out, settings) == 0
    said = capsys.readouterr()
    assert "no display" in said.out and "original identical: yes, 22050 samples" in said.out
    assert "100%" in said.err
    assert sf.info(out / "clip-extended.wav").frames == 3 * 22_050
    assert json.loads((out / "clip-extended.wav.json").read_text())["identical_samples"] == 22_050
    picture = QImage(str(out / "window.png"))
    assert (picture.width(), picture.height()) == (1440, 900)
    colours = {picture.pixel(x, y) for x in range(60, 1100, 3) for y in range(110, 340, 3)}
    for wanted in (theme.colour("ink"), theme.colour("accent"), theme.colour("boundary")):
        assert wanted.rgb() in colours  # known part, generated part and the line between them


def test_smoke_option_opens_the_demo_clip(repository: Path) -> None:
    """Breaks when the packaged application cannot find its assets or Qt's plugins."""
    result = subprocess.run(
        [sys.executable, "-m", "pianodiff_gui", "--smoke"], capture_output=True, text=True, timeout=90, cwd=repository
    )
    assert result.returncode == 0, result.stderr
    assert re.search(r"pianodiff smoke: opened demo\.wav, \d+\.\d s", result.stdout)


def test_window_shows_on_a_real_x_display(display: str, repository: Path) -> None:
    """Breaks when the window works offscreen only, or takes far too long to show."""
    result = subprocess.run(
        [sys.executable, "-m", "pianodiff_gui", "--time-startup"],
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=90,
        cwd=repository,
    )
    assert result.returncode == 0, result.stderr
    shown = re.search(r"window shown after (\d+\.\d+) s", result.stdout)
    assert shown is not None
    assert float(shown[1]) < 6.0  # 1.5 on a quiet machine; the test machine is shared


def test_real_network_extends_in_the_window(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when window and engine do not fit: names, shapes, threads or the recipe."""
    from pianodiff_gui.work.worker import TorchEngines

    network = write_tiny_network(tmp_path / "tiny")
    monkeypatch.setattr(loaded.running.worker, "_make_engine", TorchEngines())
    use_network(loaded, qtbot, network)
    loaded.session.choice.set_settings(steps=3, device="cpu")
    loaded.session.set_target(1.0)
    loaded.session.extend()
    qtbot.waitUntil(lambda: not loaded.session.engine.running, timeout=60_000)
    assert problems == []
    timeline = loaded.session.timeline
    assert timeline is not None and timeline.generated_frames == 22_050
    assert loaded.diffusion.last_frame is not None and loaded.diffusion.last_frame.level == 0
    run = timeline.stretches[0].run
    assert run["evaluations"] == 12 and run["complete"] and len(run["x_T_sha256"]) == 64


def test_silence_cannot_be_extended_and_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when extending silence runs for minutes, or fails without a reason."""
    import numpy as np

    from pianodiff_gui.work.worker import TorchEngines

    monkeypatch.setattr(window.running.worker, "_make_engine", TorchEngines())
    use_network(window, qtbot, write_tiny_network(tmp_path / "tiny"))
    path = tmp_path / "silence.wav"
    sf.write(path, np.zeros(44_100), 44_100)
    open_clip(window, qtbot, path)
    window.session.extend()
    run_to_end(window, qtbot)
    assert len(problems) == 1 and "silen" in problems[0]
    assert window.commands["extend"].isEnabled()


def test_errors_nobody_caught_are_logged_and_told_once(
    window: MainWindow, qtbot: QtBot, problems: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Breaks when a bug in a slot ends the program or goes unseen."""
    hook = sys.excepthook
    catcher = ErrorCatcher(window)
    try:
        catcher._hook(ValueError, ValueError("odd"), None)
        qtbot.waitUntil(lambda: bool(problems), timeout=2000)
    finally:
        sys.excepthook = hook
    assert "ValueError: odd" in problems[0] and "saved" in problems[0]
    assert any("unforeseen" in record.message for record in caplog.records)
