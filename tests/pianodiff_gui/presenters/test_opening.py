"""Files of every kind through the way a user opens them: they open, or one dialog says in plain words why not."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.status_bar import describe_file
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import open_clip, run_to_end, watch_event_loop, write_clip


def try_to_open(window: MainWindow, qtbot: QtBot, path: Path, problems: list[str]) -> None:
    window.opening.open_path(path)
    qtbot.waitUntil(lambda: bool(problems) or window.session.source is not None, timeout=10_000)


def write_text(path: Path) -> None:
    path.write_text("This is not audio.\n" * 50)


def write_nothing(path: Path) -> None:
    path.write_bytes(b"")


def write_no_samples(path: Path) -> None:
    sf.write(path, np.zeros((0, 1)), 44_100)


def write_nan(path: Path) -> None:
    samples = np.zeros(1000)
    samples[500] = np.nan
    sf.write(path, samples, 44_100, subtype="FLOAT")


def write_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (write_text, "not audio"),
        (write_nothing, "bad.wav"),
        (write_no_samples, "no audio"),
        (write_nan, "not a number"),
        (write_folder, "folder"),
        (lambda path: None, "bad.wav"),
    ],
    ids=["text", "empty", "0 samples", "NaN", "folder", "missing"],
)
def test_what_is_no_recording_is_refused_in_words(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str], write: object, words: str
) -> None:
    """Breaks when a file that cannot be used crashes the window, opens as nothing, or is refused without a reason."""
    path = tmp_path / "bad.wav"
    write(path)  # type: ignore[operator]
    try_to_open(window, qtbot, path, problems)
    assert len(problems) == 1
    assert words in problems[0]
    assert "Error" not in problems[0] and "Traceback" not in problems[0]
    assert window.session.source is None
    assert window.pages.currentWidget() is window.empty


def test_a_bad_file_leaves_the_open_recording_alone(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when choosing the wrong file by mistake loses what was open and generated."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    source = loaded.session.source
    path = tmp_path / "bad.wav"
    write_text(path)
    loaded.opening.open_path(path)
    qtbot.waitUntil(lambda: bool(problems), timeout=5000)
    assert loaded.session.source is source
    assert loaded.session.generated_seconds == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype", "seconds", "words"),
    [
        (8_000, 1, "PCM_16", 2.0, "8 kHz mono, 16 bit"),
        (192_000, 2, "PCM_24", 1.0, "192 kHz stereo, 24 bit"),
        (44_100, 6, "FLOAT", 1.0, "44.1 kHz 6 channels, float"),
        (22_050, 1, "PCM_16", 0.2, "22.05 kHz mono, 16 bit"),
    ],
    ids=["8 kHz", "192 kHz", "6 channels", "shorter than the context"],
)
def test_unusual_recordings_open_draw_and_extend(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    problems: list[str],
    rate: int,
    channels: int,
    subtype: str,
    seconds: float,
    words: str,
) -> None:
    """Breaks when a rate, a channel count or a length that is not the network's cannot be worked with."""
    open_clip(window, qtbot, write_clip(tmp_path / "odd.wav", seconds, rate, channels, subtype))
    assert words in window.status.file.text()
    assert window.waveform.known_item.points > 10
    window.session.extend()
    run_to_end(window, qtbot)
    assert problems == []
    timeline = window.session.timeline
    assert timeline is not None
    assert timeline.generated().shape == (channels, 2 * rate)
    qtbot.waitUntil(lambda: window.analysing.settled, timeout=10_000)


@pytest.mark.parametrize("samples", [1, 2, 300])
def test_a_handful_of_samples_is_drawn(window: MainWindow, qtbot: QtBot, tmp_path: Path, samples: int) -> None:
    """Breaks when a file of one sample divides by zero somewhere between opening and drawing."""
    path = tmp_path / "tiny.wav"
    sf.write(path, np.full(samples, 0.25), 44_100)
    open_clip(window, qtbot, path)
    for _ in range(6):
        window.waveform.zoom(0.3)
    window.waveform.fit()
    assert window.waveform.known_item.points >= 2


def test_silence_opens_and_is_drawn_flat(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when the height of an all-zero waveform, or the pitch of silence, is not a number."""
    path = tmp_path / "silence.wav"
    sf.write(path, np.zeros(44_100), 44_100)
    open_clip(window, qtbot, path)
    bounds = window.waveform.known_item.boundingRect()
    assert bounds.height() < 1e-6
    window.lanes.choose("lane_pitch")
    assert sum(len(item.data) for item in window.pitch.known.items) == 0


def test_a_truncated_recording_opens_with_a_notice(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when a cut-off download is silently taken for the whole."""
    path = write_clip(tmp_path / "cut.wav", 2.0)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    open_clip(window, qtbot, path)
    assert "cut short" in window.status.message.text()


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3", ".aiff"])
def test_other_formats_open(window: MainWindow, qtbot: QtBot, tmp_path: Path, suffix: str) -> None:
    """Breaks when a format that the dialog offers cannot be opened."""
    path = tmp_path / f"clip{suffix}"
    sf.write(path, 0.3 * np.sin(np.arange(44_100) / 20), 44_100)
    open_clip(window, qtbot, path)
    source = window.session.source
    assert source is not None and source.seconds == pytest.approx(1.0, abs=0.1)
    assert ("MP3" in describe_file(source)) == (suffix == ".mp3")


def test_a_very_long_name_does_not_widen_the_window(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when a long file name pushes the panel off the screen."""
    open_clip(window, qtbot, write_clip(tmp_path / ("long name " * 20 + ".wav"), 1.0))
    window.resize(960, 640)
    qtbot.wait(30)
    assert window.width() == 960
    assert "\u2026" in window.status.file.shown_text()
    assert window.status.file.toolTip() == window.status.file.text()
    window.session.extend()
    run_to_end(window, qtbot)
    qtbot.wait(30)
    assert window.width() == 960 and window.minimumSizeHint().width() <= 960
    window.commands["export"].trigger()
    assert window.exporting.dialog.width() < 600
    window.exporting.dialog.reject()


def test_newest_of_two_files_wins(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when peaks or pitch of a file opened first arrive late and are drawn over the second."""
    first = write_clip(tmp_path / "first.wav", 60.0)
    second = write_clip(tmp_path / "second.wav", 1.0)
    window.opening.open_path(first)
    window.opening.open_path(second)
    qtbot.waitUntil(lambda: window.analysing.settled and window.session.source is not None, timeout=20_000)
    qtbot.wait(50)
    source = window.session.source
    assert source is not None and source.path == second
    assert window.waveform._known.frames == source.frames
    window.lanes.choose("lane_pitch")
    assert max(item.getData()[0].max(initial=0.0) for item in window.pitch.known.items) <= 1.0


def test_an_hour_is_drawn_without_stopping_the_window_and_closed_at_once(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Breaks when a long recording is read in the GUI thread, or its analysis holds up closing."""
    path = tmp_path / "hour.flac"
    minute = (0.3 * np.sin(np.arange(60 * 8000) / 20)).astype(np.float32)
    with sf.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(minute)
    gaps, timer = watch_event_loop()
    window.opening.open_path(path)
    qtbot.waitUntil(lambda: window.waveform._known.frames == 3600 * 8000, timeout=30_000)
    window.commands["zoom_in"].trigger()
    qtbot.wait(200)
    timer.stop()
    assert max(gaps) < 1.0
    assert not window.analysing.settled  # the pitch of an hour takes longer than this
    began = time.perf_counter()
    window.close()
    assert time.perf_counter() - began < 5.0


def test_demo_clip_opens(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the demo clip is not where the window looks for it."""
    window.commands["demo"].trigger()
    qtbot.waitUntil(lambda: window.session.source is not None, timeout=5000)
    qtbot.waitUntil(lambda: window.analysing.settled, timeout=20_000)
