"""The command palette."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.actions.actions import SPECS
from pianodiff_gui.shell.palette import CommandPalette, matches
from pianodiff_gui.shell.window import MainWindow


def opened(window: MainWindow) -> CommandPalette:
    window.commands["palette"].trigger()
    found = window.findChild(CommandPalette)
    assert isinstance(found, CommandPalette) and found.isVisible()
    return found


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [("exp", "File Export\u2026", True), ("FILE exp", "File Export\u2026", True), ("port", "File Export\u2026", False),
     ("", "File Export\u2026", True), ("exp zoom", "File Export\u2026", False)],
)  # fmt: skip
def test_words_are_found_by_how_they_begin(words: str, text: str, expected: bool) -> None:
    """Breaks when a part in the middle of a word brings up what nobody means, or an order is asked for."""
    assert matches(words, text) is expected


def test_every_command_of_the_menus_is_there(window: MainWindow) -> None:
    """Breaks when a new command is not found by its name."""
    shown = opened(window).shown()
    wanted = {spec.name for spec in SPECS if window.commands[spec.name].isVisible()}
    assert set(shown) == wanted - {"palette"} and len(shown) == len(set(shown))


def test_typing_and_return_does_it(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a command can't be reached by keys alone, or the palette stays over what it opened."""
    palette = opened(loaded)
    qtbot.keyClicks(palette.field, "longer by")
    assert palette.shown() == ["longer_second"]
    before = loaded.session.target
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert loaded.session.target == pytest.approx(before + 1)
    assert not palette.isVisible()


def test_the_arrow_keys_choose(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the keys move the cursor in the field and not the choice."""
    palette = opened(loaded)
    qtbot.keyClicks(palette.field, "zoom")
    names = palette.shown()
    assert names[:2] == ["zoom_in", "zoom_out"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    low, high = loaded.waveform.box.viewRange()[0]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    after = loaded.waveform.box.viewRange()[0]
    assert after[1] - after[0] >= high - low


def test_what_cannot_be_done_says_why_and_is_not_done(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a command that is not offered is missing without a word, or can be done all the same."""
    palette = opened(window)
    qtbot.keyClicks(palette.field, "try again")
    assert palette.shown() == ["again"]
    assert palette.explanation.text() == "Open a recording first."
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.reject()


def test_nothing_is_found(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a word that no command has ends in an error, or in the command from before."""
    palette = opened(window)
    qtbot.keyClicks(palette.field, "xyzzy")
    assert palette.shown() == [] and palette.explanation.text() == "No command is called so."
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.reject()


def test_names_come_before_explanations(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when "extend" offers a network "to extend with" before Extend."""
    palette = opened(loaded)
    qtbot.keyClicks(palette.field, "extend")
    assert palette.shown()[0] == "extend" and "network" in palette.shown()
    palette.reject()
