"""The row of takes: shown by keys and cards, named, deleted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import two_takes


def test_number_keys_and_cards_show_takes_where_the_playhead_is(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when switching between takes jumps back to the start, or plays one and draws the other."""
    assert not loaded.takes.isVisible()
    two_takes(loaded, qtbot)
    assert loaded.takes.isVisible() and [card.name.text() for card in loaded.takes.cards[1:]] == ["Take 1", "Take 2"]
    loaded.player.seek(4.0)
    first, second = loaded.session.takes.all
    qtbot.keyClick(loaded, Qt.Key.Key_1)
    assert loaded.session.timeline is first.timeline and loaded.player._timeline is first.timeline
    assert loaded.player.position == pytest.approx(4.0)
    assert [card.shown for card in loaded.takes.cards] == [False, True, False]
    qtbot.mouseClick(loaded.takes.cards[2], Qt.MouseButton.LeftButton)
    assert loaded.session.timeline is second.timeline
    qtbot.keyClick(loaded, Qt.Key.Key_0)
    assert loaded.session.takes.current is None and loaded.player.position == pytest.approx(3.0)
    qtbot.keyClick(loaded, Qt.Key.Key_7)  # there is none
    assert loaded.session.takes.current is None


def test_a_take_is_named_on_its_card(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when digits typed into a name switch takes, or Escape keeps what was typed."""
    two_takes(loaded, qtbot)
    for end, name in ((Qt.Key.Key_Escape, "Take 2"), (Qt.Key.Key_Return, "try 1")):
        loaded.commands["rename_take"].trigger()
        edit = loaded.takes.cards[2].edit
        assert edit is not None
        edit.clear()
        qtbot.keyClicks(edit, "try 1")
        qtbot.keyClick(edit, end)
        current = loaded.session.takes.current
        assert current is not None and current.name == name and current.number == 2


def test_deleting_a_take_can_be_undone_and_leaves_nothing_on_disk_meanwhile(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a deleted take comes back without its audio, or stays on disk for ever."""
    two_takes(loaded, qtbot)
    audio = loaded.data_folder / "sessions"
    qtbot.waitUntil(lambda: len(list(audio.rglob("*.wav"))) == 2, timeout=5000)
    deleted = loaded.session.timeline
    loaded.commands["delete_take"].trigger()
    assert len(loaded.session.takes.all) == 1 and "Undo brings it back" in loaded.status.message.text()
    qtbot.waitUntil(lambda: len(list(audio.rglob("*.wav"))) == 1, timeout=5000)
    loaded.commands["undo"].trigger()
    assert loaded.session.timeline is deleted
    qtbot.waitUntil(lambda: len(list(audio.rglob("*.wav"))) == 2, timeout=5000)
