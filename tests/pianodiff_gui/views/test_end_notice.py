"""A recording that ends in silence or in a fade: the window says so, and goes on as it is asked to."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.session.files import Saved, read_session, write_session
from pianodiff_gui.shell.window import MainWindow
from tests.core.tones import chord
from tests.pianodiff_gui.conftest import open_clip, run_to_end

RATE = 22_050


def write(path: Path, silence: float, fade_db: float) -> Path:
    music = chord(3.0, RATE, level=0.1)
    music *= 10 ** (np.linspace(0, fade_db, music.shape[1]) / 20)
    sf.write(path, np.concatenate([music[0], np.zeros(round(silence * RATE))]), RATE, subtype="PCM_24")
    return path


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.analysing.settled, timeout=20_000)


def test_an_ordinary_end_needs_no_word(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when every recording brings up a notice."""
    open_clip(window, qtbot, write(tmp_path / "plain.wav", 0, 0))
    settle(window, qtbot)
    assert window.controls.end.isHidden()


def test_silence_is_left_out_with_one_click(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when the button does nothing, or the recording it leaves isn't what is drawn and continued."""
    open_clip(window, qtbot, write(tmp_path / "ends.wav", 2.0, 0))
    settle(window, qtbot)
    notice = window.controls.end
    assert not notice.isHidden() and not notice.trim.isHidden() and notice.hold.isHidden()
    assert "2.0 s of silence" in notice.text.text()
    qtbot.mouseClick(notice.trim, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.source is not None and window.session.source.left_out > 0, timeout=10_000)
    settle(window, qtbot)
    assert window.session.source is not None
    assert window.session.source.seconds == pytest.approx(3.0, abs=0.06)
    assert notice.isHidden()
    assert "without the last 2.0 s" in window.status.message.text()


def test_a_fade_is_held_until_another_recording_is_opened(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when the choice doesn't reach the settings, or stays for a recording that it was not about."""
    open_clip(window, qtbot, write(tmp_path / "fades.wav", 0, -30))
    settle(window, qtbot)
    notice = window.controls.end
    assert not notice.hold.isHidden() and notice.trim.isHidden() and not notice.hold.isChecked()
    assert "dB below its level" in notice.text.text()
    before = window.session.choice.settings
    notice.hold.click()
    assert window.session.choice.settings == replace(before, hold_level=True)
    open_clip(window, qtbot, write(tmp_path / "plain.wav", 0, 0))
    settle(window, qtbot)
    assert window.session.choice.settings == before
    assert not notice.hold.isChecked() and notice.isHidden()


@pytest.mark.journey
def test_a_session_comes_back_without_the_silence(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when takes that go on from the end of the sound are brought back behind the silence, or refused."""
    open_clip(window, qtbot, write(tmp_path / "ends.wav", 2.0, 0))
    settle(window, qtbot)
    qtbot.mouseClick(window.controls.end.trim, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.source is not None and window.session.source.left_out > 0, timeout=10_000)
    window.session.set_target(0.5)
    window.session.extend()
    run_to_end(window, qtbot)
    source = window.session.source
    assert source is not None
    frames = source.frames
    kept, session = tmp_path / "kept.pianodiff", window.session
    saved = Saved.of(source, session.takes, session.choice.settings, session.target, 0.0, 0.0)
    write_session(saved, RATE, kept, overwrite=False)
    saved = read_session(kept)
    assert (saved.frames, saved.left_out) == (frames, round(5.0 * RATE) - frames)
    open_clip(window, qtbot, write(tmp_path / "plain.wav", 0, 0))
    window.opening.open_path(kept)
    qtbot.waitUntil(lambda: len(window.session.takes.all) == 1 and window.session.source is not None, timeout=20_000)
    assert window.session.source is not None and window.session.source.frames == frames
    assert window.session.timeline is not None and window.session.timeline.generated_parts[0][0].begin == frames
