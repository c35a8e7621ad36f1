"""When the spectrogram is made, of what, and in which order."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.analysis.spectrogram import COLUMN_SECONDS
from core.analysis.spectrogram_pyramid import Block
from core.errors import AudioError
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work import spectrograms
from pianodiff_gui.work.spectrograms import BlockRequest
from tests.pianodiff_gui.conftest import extend, open_clip, watch_event_loop, write_clip


@pytest.fixture
def asked(window: MainWindow) -> list[int]:
    """The numbers of the blocks asked for, in order."""
    numbers: list[int] = []

    def note(request: BlockRequest) -> None:
        numbers.append(request.content.index)

    window.picturing._requested.connect(note)
    return numbers


def show(window: MainWindow, qtbot: QtBot) -> None:
    window.lanes.choose("lane_spectrogram")
    settle(window, qtbot)


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.picturing.settled, timeout=20_000)


def is_shown(window: MainWindow, block: Block) -> bool:
    return window.spectrogram.pyramid.blocks[0] is block


def test_a_tone_is_seen_at_its_note(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks anywhere between the file and the picture: 220 Hz at 0.3, which decays."""
    show(loaded, qtbot)
    column = loaded.spectrogram.pyramid.picture(40, 41, 2).levels[0]
    row = int(column.argmax())
    assert row == (57 - 21) * 3
    assert column[row] == pytest.approx((20 * np.log10(0.3 * np.exp(-40 * COLUMN_SECONDS / 3)) + 110) * 2, abs=2)
    assert loaded.spectrogram.image.pieces
    assert loaded.spectrogram.note.text() == ""


def test_nothing_is_made_until_it_is_looked_at(loaded: MainWindow, qtbot: QtBot, asked: list[int]) -> None:
    """Breaks when everybody pays for what few look at, or it is made again each time they do."""
    extend(loaded, qtbot)
    qtbot.waitUntil(lambda: loaded.analysing.settled and not loaded.picturing._quiet.isActive(), timeout=20_000)
    assert asked == []
    show(loaded, qtbot)
    assert asked == [0]
    loaded.lanes.choose("lane_pitch")
    show(loaded, qtbot)
    assert asked == [0]


def test_what_is_in_view_comes_first(window: MainWindow, qtbot: QtBot, tmp_path: Path, asked: list[int]) -> None:
    """Breaks when an hour is worked through from its beginning while the user looks at its end."""
    open_clip(window, qtbot, write_clip(tmp_path / "long.wav", 110.0, 8_000))
    window.waveform.box.setXRange(100.0, 109.0, padding=0)
    show(window, qtbot)
    assert asked == [4, 3, 2, 1, 0]


def test_takes_are_there_at_once_when_they_come_back(loaded: MainWindow, qtbot: QtBot, asked: list[int]) -> None:
    """Breaks when switching between takes shows holes, or the other take."""
    show(loaded, qtbot)
    pictures = [loaded.spectrogram.pyramid.blocks[0]]
    extend(loaded, qtbot)
    settle(loaded, qtbot)
    pictures.append(loaded.spectrogram.pyramid.blocks[0])
    assert pictures[0] is not pictures[1] and asked[0] == 0
    done = len(asked)
    for command, picture in zip(("recording", "take_1"), pictures, strict=True):
        loaded.commands[command].trigger()
        qtbot.waitUntil(partial(is_shown, loaded, picture))
    assert len(asked) == done


def test_another_recording_has_its_own(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when a late block of the last recording is drawn in the next one."""
    show(loaded, qtbot)
    first = loaded.spectrogram.pyramid.blocks[0]
    open_clip(loaded, qtbot, write_clip(tmp_path / "next.wav", 2.0, 44_100, 2))
    settle(loaded, qtbot)
    assert set(loaded.spectrogram.pyramid.blocks) == {0}
    assert loaded.spectrogram.pyramid.blocks[0] is not first
    assert loaded.spectrogram.pyramid.rows == 307


def test_a_file_that_has_gone_is_told_in_words(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, asked: list[int]
) -> None:
    """Breaks when the lane stays empty without a word, or asks again and again."""

    def gone(*_: object) -> None:
        raise AudioError("clip.wav can't be read any more. Was it moved or deleted?")

    monkeypatch.setattr(spectrograms, "levels", gone)
    show(loaded, qtbot)
    assert loaded.spectrogram.note.text() == "clip.wav can't be read any more. Was it moved or deleted?"
    assert asked == [0]


def test_the_window_stays_quick_while_minutes_are_worked_through(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Breaks when blocks are made, or their pyramids built, in the thread that draws: not a speed, but whether the
    event loop turned at all while each of them was made.
    """
    open_clip(window, qtbot, write_clip(tmp_path / "long.wav", 120.0, 44_100, 2))
    gaps, timer = watch_event_loop()
    show(window, qtbot)
    timer.stop()
    assert len(window.spectrogram.pyramid.blocks) == 6
    assert len(gaps) > 6 * 3


def test_closing_in_the_middle_waits_for_one_block_only(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when the window can't be closed while an hour is worked through."""
    open_clip(window, qtbot, write_clip(tmp_path / "long.wav", 300.0, 8_000))
    window.lanes.choose("lane_spectrogram")
    qtbot.waitUntil(lambda: len(window.spectrogram.pyramid.blocks) > 0, timeout=20_000)
    window.close()
    assert window.picturing.worker_thread.isFinished()
    assert len(window.spectrogram.pyramid.blocks) < 13
