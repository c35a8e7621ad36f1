"""The piano roll: notes where they belong, and a keyboard beside them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from core.notes.note import Note
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.roll import RollView, facts_of
from pianodiff_gui.views.roll_items import NotesItem, is_black, name_of
from tests.pianodiff_gui.conftest import extend


def pixel_of(roll: RollView, seconds: float, key: float) -> QPoint:
    """Where that is in the plot's viewport."""
    return roll.plot.mapFromScene(roll.box.mapViewToScene(QPointF(seconds, key)))


def colour_at(roll: RollView, seconds: float, key: float) -> QColor:
    image: QImage = roll.plot.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    at = pixel_of(roll, seconds, key)
    return QColor(image.pixel(round(at.x() * ratio), round(at.y() * ratio)))


def test_keys_have_names_and_colours() -> None:
    """Breaks when the roll's rows are a key off."""
    assert [name_of(key) for key in (21, 60, 61, 69, 70, 108)] == ["A0", "C4", "C\u266f4", "A4", "B\u266d4", "C8"]
    assert [is_black(key) for key in range(60, 72)] == [False, True] * 2 + [False] + [False, True] * 3 + [False]


def test_only_what_sounds_in_view_is_looked_at() -> None:
    """Breaks when panning over an hour costs more the longer the hour is, or a long note goes once it has begun."""
    item = NotesItem()
    notes = [Note(0.0, 50.0, 40), *(Note(float(at), at + 0.5, 60) for at in range(100))]
    item.set_notes(sorted(notes))
    assert [item.notes[i].onset for i in item.seen(20.25, 22.1)] == [0.0, 20.0, 21.0, 22.0]
    assert not len(item.seen(200.0, 300.0)) and not len(item.seen(-10.0, -1.0))
    assert item.at(20.2, 60) == Note(20.0, 20.5, 60) and item.at(20.2, 61) is None and item.at(20.2, 40) == notes[0]
    assert item.at(20.55, 60) is None and item.at(20.55, 60, reach=0.1) == Note(20.0, 20.5, 60)


def test_notes_are_drawn_where_they_sound_in_the_colour_of_what_they_are(loaded: MainWindow) -> None:
    """Breaks when heard and planned notes look alike, or a note is drawn on a neighbour's row or too early."""
    roll, score, palette = loaded.roll, loaded.session.score, loaded.theme.palette
    score.set_heard([Note(1.0, 2.0, 60, 127)])
    score.plan([Note(3.5, 4.0, 64, 127)], "draw a note")
    assert colour_at(roll, 1.5, 60) == QColor(palette.ink)
    assert colour_at(roll, 3.75, 64).hue() == pytest.approx(QColor(palette.takes[0]).hue(), abs=3)
    for seconds, key in ((1.5, 62), (0.9, 60), (2.1, 60), (3.75, 65)):
        assert colour_at(roll, seconds, key).lightness() > 200
    score.plan([Note(3.5, 4.0, 64, 10)], "soften a note")
    assert colour_at(roll, 3.75, 64).lightness() > QColor(palette.takes[0]).lightness() + 20


def test_the_roll_shows_the_keys_that_there_are(loaded: MainWindow) -> None:
    """Breaks when notes lie outside of the rows in view, or coming notes move what somebody has scrolled to."""
    roll, score = loaded.roll, loaded.session.score
    score.set_heard([Note(1.0, 2.0, 30), Note(1.0, 2.0, 101)])
    low, high = roll.box.viewRange()[1]
    assert low < 30 - 0.5 and high > 101 + 0.5
    roll.scroll_keys(1, zoom=True)
    chosen = roll.box.viewRange()[1]
    score.set_heard([Note(1.0, 2.0, 21), Note(1.0, 2.0, 108)])
    assert roll.box.viewRange()[1] == pytest.approx(chosen)
    for notches in (100, -100):
        roll.scroll_keys(notches)
        low, high = roll.box.viewRange()[1]
        assert high - low == pytest.approx(chosen[1] - chosen[0])
        assert (high if notches > 0 else low) == pytest.approx(108.5 if notches > 0 else 20.5)


def test_a_key_that_is_clicked_sounds(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the keyboard says another key than the one that is drawn there."""
    pressed: list[int] = []
    roll = loaded.roll
    roll.keyboard.pressed.connect(pressed.append)
    low = roll.box.viewRange()[0][0]
    for key in (60, 61, 72):
        at = pixel_of(roll, low, key)
        qtbot.mouseClick(roll.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, at.y()))
    assert pressed == [60, 61, 72]


def test_notes_in_whose_place_something_was_generated_are_not_shown(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the notes of a gap that was filled lie below those that were played there instead."""
    session = loaded.session
    session.score.set_heard([Note(0.5, 0.9, 60), Note(1.2, 1.4, 62), Note(2.5, 2.7, 64)])
    session.select(1.0, 2.0)
    loaded.commands["extend"].trigger()
    qtbot.waitUntil(lambda: not session.engine.running, timeout=20_000)
    assert [note.key for note in loaded.roll.heard.notes] == [60, 64]
    session.show_take(None)
    assert [note.key for note in loaded.roll.heard.notes] == [60, 62, 64]


def test_what_was_heard_in_a_take_is_an_outline_over_what_was_asked(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when what was heard hides what was asked for."""
    extend(loaded, qtbot)
    score = loaded.session.score
    score.plan([Note(3.5, 4.5, 64, 127)], "draw a note")
    asked = colour_at(loaded.roll, 4.0, 64.15)
    score.set_heard_new([Note(3.5, 4.5, 64, 127)])
    assert colour_at(loaded.roll, 4.0, 64.15) == asked
    rows = np.linspace(63.5, 64.5, 25)
    assert QColor(loaded.theme.palette.text) in [colour_at(loaded.roll, 4.0, row) for row in rows]


def test_a_recording_without_notes_says_so(loaded: MainWindow) -> None:
    """Breaks when nobody can tell a recording that is still being listened to from one without notes."""
    loaded.roll.show_hearing(False, "")
    assert "No notes" in loaded.roll.nothing.text() and loaded.roll.nothing.isVisible()
    loaded.session.score.set_heard([Note(1.0, 2.0, 60)])
    assert not loaded.roll.nothing.isVisible()


def test_a_note_in_a_line() -> None:
    """Breaks when the line under the pointer tells another key, or frames in place of seconds."""
    assert facts_of(Note(3.5, 64.25, 61, 84)) == "C\u266f4 \u00b7 velocity 84 \u00b7 0:03.50 to 1:04.25 (60.75 s)"
