"""Notes are drawn, moved, chosen and erased on the roll, as somebody does with a mouse and a keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.notes.note import Note
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.roll_editor import WHERE
from tests.pianodiff_gui.conftest import FakeEngines, extend
from tests.pianodiff_gui.views.test_roll import pixel_of

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
C, E, G = Note(3.4, 4.0, 60, 70), Note(3.8, 4.4, 64, 80), Note(4.2, 4.8, 67, 90)


class Hand:
    """Moves the mouse over the roll, places given as seconds and key."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.roll, self._qtbot = window.roll, qtbot
        self.viewport = self.roll.plot.viewport()

    def at(self, seconds: float, key: float) -> QPoint:
        return pixel_of(self.roll, seconds, key)

    def click(self, seconds: float, key: float, modifier: Qt.KeyboardModifier = NONE) -> None:
        self._qtbot.mouseClick(self.viewport, LEFT, modifier, self.at(seconds, key))

    def double_click(self, seconds: float, key: float) -> None:
        """As a window system has it: the second press is the double click."""
        self.click(seconds, key)
        self._send(QEvent.Type.MouseButtonDblClick, self.at(seconds, key), NONE)
        self._send(QEvent.Type.MouseButtonRelease, self.at(seconds, key), NONE)

    def drag(self, begin: QPoint, end: QPoint, modifier: Qt.KeyboardModifier = NONE, let_go: bool = True) -> None:
        self._send(QEvent.Type.MouseButtonPress, begin, modifier)
        for step in range(1, 6):
            self._qtbot.wait(8)  # pyqtgraph drops moves that follow each other closer than that
            self._send(QEvent.Type.MouseMove, begin + (end - begin) * step / 5, modifier)
        if let_go:
            self._send(QEvent.Type.MouseButtonRelease, end, modifier)

    def wheel(self, seconds: float, key: float, notches: int, modifier: Qt.KeyboardModifier) -> None:
        at = self.at(seconds, key)
        where = QPointF(at), QPointF(self.viewport.mapToGlobal(at))
        turned = QPoint(0, 120 * notches)
        phase = Qt.ScrollPhase.NoScrollPhase
        QApplication.sendEvent(
            self.viewport, QWheelEvent(*where, QPoint(), turned, Qt.MouseButton.NoButton, modifier, phase, False)
        )

    def _send(self, kind: QEvent.Type, at: QPoint, modifier: Qt.KeyboardModifier) -> None:
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
        where = QPointF(at), QPointF(self.viewport.mapToGlobal(at))
        QApplication.sendEvent(self.viewport, QMouseEvent(kind, *where, button, held, modifier))


@pytest.fixture
def hand(loaded: MainWindow, qtbot: QtBot) -> Hand:
    loaded.activateWindow()
    return Hand(loaded, qtbot)


def planned(window: MainWindow) -> list[tuple[float, float, int, int]]:
    return [(round(n.onset, 2), round(n.offset, 2), n.key, n.velocity) for n in window.session.score.planned]


def plan(window: MainWindow, *notes: Note) -> None:
    window.session.score.plan(notes, "plan")


def steps(window: MainWindow) -> list[str]:
    stack = window.session.undo_stack
    return [stack.text(index) for index in range(stack.index())][1:]


def near(*note: float) -> object:
    return pytest.approx(note, abs=0.03)


def test_a_double_click_draws_a_note_and_the_next_is_like_it(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when there is no way to plan a note by hand, or each has to be made as long as the last again."""
    heard: list[list[Note]] = []
    loaded.roll.editor.sounded.connect(lambda notes: heard.append(list(notes)))
    hand.double_click(3.5, 64)
    assert planned(loaded) == [near(3.5, 4.0, 64, 80)]
    assert heard == [list(loaded.session.score.planned)]
    note = loaded.session.score.planned[0]
    hand.drag(hand.at(note.offset, 64) - QPoint(1, 0), hand.at(note.offset + 0.2, 64))
    hand.double_click(3.4, 60)
    assert planned(loaded)[0] == near(3.4, 4.1, 60, 80)


def test_the_first_note_is_as_loud_as_the_music_before_it(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when a note that is drawn after soft music is far louder than it."""
    loaded.session.score.set_heard([Note(at / 10, at / 10 + 0.1, 60, 40 + at % 3) for at in range(25)])
    hand.double_click(3.5, 64)
    assert planned(loaded) == [near(3.5, 4.0, 64, 41)]


def test_the_recording_itself_takes_no_notes(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when notes are drawn where they would never be played, or nobody says why nothing happens."""
    hand.double_click(1.0, 64)
    assert not planned(loaded) and loaded.status.message.text() == WHERE
    loaded.session.select(0.8, 1.6)
    hand.double_click(1.0, 64)
    assert planned(loaded) == [near(1.0, 1.5, 64, 80)]


def test_notes_of_a_selection_that_was_given_up_can_still_be_changed(loaded: MainWindow) -> None:
    """Breaks when one note that lies in the recording by now keeps all others from being edited."""
    plan(loaded, Note(1.0, 1.5, 50, 60), C)
    editor = loaded.roll.editor
    editor.choose_all()
    editor.press(Qt.Key.Key_Up, False, False)
    assert [note[2] for note in planned(loaded)] == [51, 61]
    editor.press(Qt.Key.Key_Right, False, False)
    assert planned(loaded)[0] == near(1.0, 1.5, 51, 60) and loaded.status.message.text() == WHERE


def test_a_drag_moves_all_that_are_chosen_as_one_step(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when a drag is many steps of undo, moves only one note of a chord, or loses what was chosen."""
    plan(loaded, C, E, G)
    hand.click(3.6, 60)
    hand.click(4.0, 64, CONTROL)
    hand.drag(hand.at(3.6, 60), hand.at(3.8, 62))
    assert planned(loaded) == [near(3.6, 4.2, 62, 70), near(4.0, 4.6, 66, 80), near(4.2, 4.8, 67, 90)]
    assert steps(loaded) == ["move 2 notes"] and len(loaded.roll.editor.chosen) == 2
    loaded.commands["undo"].trigger()
    assert loaded.session.score.planned == (C, E, G)


def test_what_is_dragged_towards_the_recording_stays_out_of_it(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when a note can be moved where it may not be drawn."""
    plan(loaded, C)
    hand.drag(hand.at(3.6, 60), hand.at(1.5, 60))
    assert planned(loaded)[0][0] >= 3.0


def test_escape_takes_a_drag_back(loaded: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    """Breaks when somebody who has begun to drag can't think better of it."""
    plan(loaded, C)
    loaded.roll.plot.setFocus()
    hand.drag(hand.at(3.6, 60), hand.at(4.2, 66), let_go=False)
    assert loaded.roll.planned.notes != (C,)
    qtbot.keyClick(loaded.roll.plot, Qt.Key.Key_Escape)
    assert loaded.roll.planned.notes == (C,) and not steps(loaded)


def test_the_right_end_lengthens_and_alt_changes_velocity(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when a gesture at the end of a note moves it, or one with Alt does anything but velocity."""
    plan(loaded, C)
    hand.drag(hand.at(4.0, 60) - QPoint(1, 0), hand.at(4.4, 63))
    assert planned(loaded) == [near(3.4, 4.4, 60, 70)]
    middle = hand.at(3.8, 60)
    hand.drag(middle, middle - QPoint(5, 40), ALT)
    assert planned(loaded) == [near(3.4, 4.4, 60, 90)]
    assert steps(loaded) == ["lengthen a note", "change velocity of a note"]


def test_the_wheel_with_control_is_velocity_and_undone_at_once(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when every notch of the wheel is a step of undo, or zooms."""
    plan(loaded, C, E)
    seen = loaded.roll.box.viewRange()[0]
    for _ in range(3):
        hand.wheel(3.6, 60, 1, CONTROL)
    assert planned(loaded)[0][3] == 82 and steps(loaded) == ["change velocity of a note"]
    hand.wheel(4.2, 64, -1, CONTROL)
    assert planned(loaded)[1][3] == 76 and len(steps(loaded)) == 2
    assert loaded.roll.box.viewRange()[0] == pytest.approx(seen)
    keys = loaded.roll.box.viewRange()[1]
    hand.wheel(3.6, 60, 1, SHIFT)
    assert loaded.roll.box.viewRange()[1][0] > keys[0]


def test_control_and_drag_chooses_and_shift_and_drag_still_selects_time(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when choosing notes collides with selecting what is filled anew, or with panning."""
    plan(loaded, C, E, G)
    view = loaded.roll.box.viewRange()[0]
    hand.drag(hand.at(3.3, 58), hand.at(3.9, 65), CONTROL)
    assert loaded.roll.editor.chosen == {C, E} and loaded.roll.note.text() == "2 notes chosen"
    assert loaded.roll.box.viewRange()[0] == pytest.approx(view) and not steps(loaded)
    hand.drag(hand.at(1.0, 58), hand.at(1.8, 58), SHIFT)
    selection = loaded.session.selection
    assert selection is not None and selection[0] / 22_050 == pytest.approx(1.0, abs=0.03)
    assert loaded.roll.editor.chosen == {C, E}
    hand.drag(hand.at(2.0, 70), hand.at(1.5, 70))
    assert loaded.roll.box.viewRange()[0] != pytest.approx(view)


def test_a_click_beside_all_notes_lets_go_of_them_first(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when letting go of notes moves the playhead, or a click on the roll never does."""
    plan(loaded, C)
    hand.click(3.6, 60)
    assert loaded.roll.editor.chosen == {C}
    hand.click(1.0, 70)
    assert not loaded.roll.editor.chosen and loaded.player.position == 0.0
    hand.click(1.0, 70)
    assert loaded.player.position == pytest.approx(1.0, abs=0.03)


def test_keys_are_about_the_notes_while_some_are_chosen(loaded: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    """Breaks when an arrow key trims the music, or Delete a take, while notes are edited, or no longer afterwards."""
    extend(loaded, qtbot)
    plan(loaded, Note(5.1, 5.4, 60, 70))
    hand.click(5.2, 60)
    target = loaded.session.target
    for key, modifier in (
        (Qt.Key.Key_Up, NONE), (Qt.Key.Key_Up, SHIFT), (Qt.Key.Key_Right, NONE), (Qt.Key.Key_Left, SHIFT),
    ):  # fmt: skip
        qtbot.keyClick(loaded.roll.plot, key, modifier)
    assert planned(loaded) == [near(5.01, 5.31, 73, 70)] and loaded.session.target == target
    qtbot.keyClick(loaded.roll.plot, Qt.Key.Key_Delete)
    assert not planned(loaded) and loaded.session.takes.all
    qtbot.keyClick(loaded.roll.plot, Qt.Key.Key_Right)
    assert loaded.session.target > target
    qtbot.keyClick(loaded.roll.plot, Qt.Key.Key_Delete)
    assert not loaded.session.takes.all


def test_a_held_arrow_key_is_one_step(loaded: MainWindow) -> None:
    """Breaks when holding a key fills the undo menu, or a second press is undone with the first."""
    plan(loaded, C)
    editor = loaded.roll.editor
    editor.choose_all()
    for held in (False, True, True, False):
        editor.press(Qt.Key.Key_Up, False, held)
    assert planned(loaded)[0][2] == 64
    loaded.session.undo()
    assert planned(loaded)[0][2] == 63
    loaded.session.undo()
    assert planned(loaded)[0][2] == 60


def test_copy_cut_paste_and_all_by_their_commands(loaded: MainWindow) -> None:
    """Breaks when notes can't be repeated, or pasted ones land in the recording."""
    commands = loaded.commands
    plan(loaded, C, E)
    assert not commands["copy_notes"].isEnabled() and not commands["paste_notes"].isEnabled()
    commands["all_notes"].trigger()
    commands["copy_notes"].trigger()
    loaded.player.seek(1.0)
    commands["paste_notes"].trigger()
    assert planned(loaded)[0] == near(3.0, 3.6, 60, 70) and len(planned(loaded)) == 4
    commands["cut_notes"].trigger()
    assert loaded.session.score.planned == (C, E)
    assert steps(loaded) == ["paste 2 notes", "erase 2 notes"]
    loaded.commands["lane_pitch"].trigger()
    assert "Show the notes first." in commands["paste_notes"].toolTip()


def test_the_pencil_draws_by_dragging(loaded: MainWindow, hand: Hand) -> None:
    """Breaks when drawing mode pans, or draws another length than the mouse went."""
    loaded.commands["pencil"].trigger()
    hand.drag(hand.at(3.4, 60), hand.at(4.2, 60))
    assert planned(loaded) == [near(3.4, 4.2, 60, 80)]
    hand.click(3.3, 64)
    assert planned(loaded)[0] == near(3.3, 4.1, 64, 80)
    hand.drag(hand.at(3.8, 60), hand.at(4.0, 60))
    assert planned(loaded)[1] == near(3.6, 4.4, 60, 80)


def test_undo_lets_go_of_notes_that_are_gone(loaded: MainWindow) -> None:
    """Breaks when Delete after an undo is about notes that are no more."""
    plan(loaded, C)
    plan(loaded, C, E)
    loaded.roll.editor.choose_all()
    loaded.session.undo()
    assert loaded.roll.editor.chosen == {C}


def test_nothing_is_edited_while_a_run_is_under_way(
    loaded: MainWindow, hand: Hand, qtbot: QtBot, engines: FakeEngines
) -> None:
    """Breaks when an edit gets between a run and its undo, or is refused without a word."""
    plan(loaded, C)
    engines.hold(1)
    loaded.session.extend()
    qtbot.waitUntil(engines.held.is_set, timeout=10_000)
    hand.drag(hand.at(3.6, 60), hand.at(3.8, 62))
    assert loaded.session.score.planned == (C,) and "An extension is running" in loaded.status.message.text()
    assert not loaded.commands["all_notes"].isEnabled()


def test_the_note_under_the_pointer_is_told(loaded: MainWindow) -> None:
    """Breaks when nobody can tell what a bar on the roll is."""
    loaded.session.score.set_heard([Note(1.0, 2.0, 61, 55)])
    box = loaded.roll.roll_box
    box.pointed.emit(loaded.session.score.heard[0])
    assert loaded.roll.note.text().startswith("C\u266f4 \u00b7 velocity 55")
    box.pointed.emit(None)
    assert loaded.roll.note.text().startswith("Double-click where audio is to be made")
