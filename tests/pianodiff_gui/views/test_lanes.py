"""One lane at a time under the waveform, chosen by its tab, its key, or as it was the last time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from pianodiff_gui.actions.view import LANES
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines


def test_every_lane_that_is_declared_can_be_shown(loaded: MainWindow) -> None:
    """Breaks when an action of the menu View or a tab has no lane, or shows another's."""
    assert [lane.name for lane in LANES] == list(loaded.lanes._lanes)
    for spec, lane in zip(LANES, loaded.lanes.all, strict=True):
        loaded.commands[spec.name].trigger()
        assert loaded.lanes.shown == spec.name
        assert [each.isVisible() for each in loaded.lanes.all] == [each is lane for each in loaded.lanes.all]
        assert [each.head.isVisible() for each in loaded.lanes.all] == [each is lane for each in loaded.lanes.all]


def test_notes_are_shown_at_first_and_keys_and_tabs_change_that(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the tab and the menu fall apart, or a key does nothing."""
    assert loaded.lanes.shown == "lane_notes"
    loaded.activateWindow()
    qtbot.keyClick(loaded, Qt.Key.Key_P)
    tabs = [button for button in loaded.lanes.findChildren(QToolButton) if button.defaultAction().text() == "No&tes"]
    assert loaded.pitch.isVisible() and [tab.isChecked() for tab in tabs] == [False]
    qtbot.mouseClick(tabs[0], Qt.MouseButton.LeftButton)
    assert loaded.roll.isVisible() and loaded.commands["lane_notes"].isChecked()
    qtbot.mouseClick(tabs[0], Qt.MouseButton.LeftButton)
    assert loaded.lanes.shown == "lane_notes"  # not off by a second click


def test_the_lane_is_remembered(loaded: MainWindow, theme: Theme, tmp_path: Path) -> None:
    """Breaks when the next start shows another lane, or one that is no more leaves none."""
    loaded.commands["lane_pitch"].trigger()
    for remembered, shown in (("lane_pitch", "lane_pitch"), ("lane_of_old", "lane_notes")):
        preferences = Preferences()
        assert preferences.lane == remembered
        again = MainWindow(theme, preferences, tmp_path / "data", FakeEngines())
        assert again.lanes.shown == shown
        again.close()
        again.deleteLater()
        preferences.lane = "lane_of_old"


def test_only_the_lane_that_is_seen_draws(loaded: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when panning draws what is hidden, or a lane that comes back shows where the view was before."""
    drawn: list[str] = []
    for lane in loaded.lanes.all:
        monkeypatch.setattr(lane, "draw", partial(drawn.append, lane.title.text()))
    loaded.waveform.zoom(0.5)
    assert set(drawn) == {"Notes"}
    drawn.clear()
    loaded.commands["lane_pitch"].trigger()
    assert drawn and set(drawn) == {"Pitch"}
    assert loaded.pitch.box.viewRange()[0] == pytest.approx(loaded.waveform.box.viewRange()[0], abs=0.01)
