"""Space plays, whatever has the focus, and is a blank where something is typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import two_takes
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice


@pytest.fixture
def heard(loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """With two takes and a sound card."""
    monkeypatch.setattr(loaded.player.card, "library", FakeSoundDevice())
    loaded.listening.look_for_sound()
    two_takes(loaded, qtbot)
    return loaded


def focusable(window: MainWindow) -> list[QWidget]:
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisibleTo(window) and widget.isEnabled() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]


def is_typed_into(widget: QWidget) -> bool:
    return isinstance(widget, QLineEdit | QAbstractSpinBox) or (isinstance(widget, QComboBox) and widget.isEditable())


def test_space_plays_wherever_the_focus_is(heard: MainWindow, qtbot: QtBot) -> None:
    """Breaks when Space presses a button, ticks a box, opens a menu or does nothing where it should play."""
    tried = 0
    for widget in focusable(heard):
        widget.setFocus()
        if is_typed_into(widget) or QGuiApplication.focusObject() is not widget:
            continue
        clicks: list[object] = []
        if isinstance(widget, QAbstractButton):
            widget.clicked.connect(lambda *_, clicks=clicks: clicks.append(1))
        before = heard.player.playing
        qtbot.keyClick(widget, Qt.Key.Key_Space)
        assert heard.player.playing is not before, f"{widget} {widget.accessibleName()}"
        assert not clicks, f"{widget} was pressed"
        tried += 1
    heard.player.close()
    assert tried > 10


def test_space_is_left_to_what_is_typed_into(heard: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a name with a blank in it starts the music."""
    heard.takes.start_naming()
    edit = next(card.edit for card in heard.takes.cards if card.edit is not None)
    edit.setFocus()
    edit.setText("a")
    qtbot.keyClick(edit, Qt.Key.Key_Space)
    assert edit.text() == "a " and not heard.player.playing
    for box in heard.findChildren(QAbstractSpinBox):
        if box.isVisibleTo(heard) and box.isEnabled():
            box.setFocus()
            qtbot.keyClick(box, Qt.Key.Key_Space)
            assert not heard.player.playing, box.accessibleName()


def test_a_space_that_is_held_plays_once(heard: MainWindow) -> None:
    """Breaks when resting on the key plays and pauses by turns."""
    assert not heard.commands["play"].autoRepeat()
