"""The handles of the waveform: before the recording, and in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.presenters.exporting import write_export
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.handle import Handle
from tests.pianodiff_gui.conftest import run_to_end


def drag(handle: Handle, window: MainWindow, qtbot: QtBot, seconds: float) -> None:
    """Drag a handle to a second of the recording's time."""
    plot = window.waveform.plot
    target = QPoint(round(plot.x_to_pixel(seconds)), 40)
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    qtbot.mouseMove(handle, handle.mapFrom(plot, target))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=handle.mapFrom(plot, target))


def test_the_left_handle_prepends(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when dragging the left edge makes something behind the recording, or the export moves or changes it."""
    drag(loaded.waveform.prelude_handle, loaded, qtbot, -0.3)
    assert loaded.session.prelude_target == pytest.approx(0.3)
    assert loaded.controls.length_title.text() == "Prepend" and loaded.controls.foot.extend_button.text() == "Prepend"
    loaded.controls.length.setValue(1.0)
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None and timeline.begin == -22_050
    loaded.commands["start"].trigger()
    assert loaded.player.position == pytest.approx(-1.0)
    report = write_export(timeline, tmp_path / "out.wav", None, False)
    written, old = (sf.read(path, dtype="int16")[0] for path in (report.path, timeline.source.path))
    assert report.identical and np.array_equal(written[22_050:], old)
    recipe = json.loads((tmp_path / "out.wav.json").read_text())
    assert recipe["gap_frames"] == [0, 0]
    drag(loaded.waveform.prelude_handle, loaded, qtbot, -0.5)
    assert loaded.session.prelude_seconds == pytest.approx(0.5, abs=0.06)
    loaded.commands["undo"].trigger()
    assert loaded.session.prelude_seconds == pytest.approx(1.0)


def test_a_selection_is_filled_and_everything_around_it_stays(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when filling touches samples that were not selected, or the selection can't be seen, moved or dropped."""
    waveform = loaded.waveform
    waveform.box.selected.emit(1.0, 1.6)
    assert [handle.isVisible() for handle in waveform.gap_handles] == [True, True]
    assert waveform.gap_handles[1].label.text() == "fill 0.60 s"
    drag(waveform.gap_handles[1], loaded, qtbot, 2.0)
    selection = loaded.session.selection
    assert selection is not None and selection[0] == 22_050 and selection[1] == pytest.approx(44_100, abs=400)
    loaded.commands["cancel"].trigger()
    assert not waveform.gap_handles[0].isVisible()
    loaded.player.seek(1.0)
    loaded.commands["mark_begin"].trigger()
    loaded.player.seek(1.5)
    loaded.commands["mark_end"].trigger()
    assert loaded.session.selection == (22_050, 33_075)
    assert loaded.controls.foot.extend_button.text() == "Fill"
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None and timeline.frames == timeline.source_frames
    report = write_export(timeline, tmp_path / "out.wav", None, False)
    written, old = (sf.read(path, dtype="int16")[0] for path in (report.path, timeline.source.path))
    assert report.identical and report.original_samples == len(old) - 11_025
    changed = np.flatnonzero(written != old)
    assert len(written) == len(old) and changed[0] >= 22_050 and changed[-1] < 33_075
