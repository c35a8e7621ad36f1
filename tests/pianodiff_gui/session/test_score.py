"""The notes of a session: planned ones are undone with everything else, heard ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.audio.opening import open_source
from core.errors import PianoDiffError
from core.extension.settings import Settings
from core.notes.note import Note
from pianodiff_gui.session.files import SUFFIX, Saved, read_session, write_session
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.takes import Takes
from tests.pianodiff_gui.session.conftest import extended
from tests.pianodiff_gui.session.test_session_numbers import write_with

C, E, G = Note(3.0, 3.5, 60, 70), Note(3.5, 4.0, 64, 80), Note(4.0, 5.0, 67, 90)


def test_a_plan_is_in_order_and_undone_step_by_step_with_the_takes(session: Session) -> None:
    """Breaks when notes get an undo of their own, or undoing a take takes notes along."""
    score = session.score
    score.plan([G, C, C], "draw notes")
    assert score.planned == (C, G)
    extended(session, 2.0)
    score.plan([C], "erase a note")
    assert session.undo_stack.undoText() == "erase a note"
    seen = []
    for change in (session.undo, session.undo, session.undo, session.redo):
        change()
        seen.append((score.planned, len(session.takes.all)))
    assert seen == [((C, G), 1), ((C, G), 0), ((), 0), ((C, G), 0)]


def test_steps_of_one_gesture_are_undone_together(session: Session) -> None:
    """Breaks when a held arrow key makes a step of undo for each repetition, or two gestures are taken for one."""
    score = session.score
    for gesture, notes in ((1, [C]), (1, [C, E]), (2, [C, E, G]), (0, [E]), (0, [G])):
        score.plan(notes, "move notes", gesture)
    seen = []
    while session.undo_stack.canUndo():
        session.undo()
        seen.append(score.planned)
    assert seen == [(E,), (C, E, G), (C, E), ()]


def test_a_trim_and_a_gesture_are_never_one_step(session: Session) -> None:
    """Breaks when the kind of a gesture is that of a trim: Qt would let one swallow the other."""
    extended(session, 2.0)
    session.set_target(1.0)
    for gesture in range(1, 4):
        session.score.plan([C.moved(gesture)], "move notes", gesture)
    assert session.undo_stack.count() == 5


def test_nothing_is_planned_while_a_run_is_under_way(session: Session) -> None:
    """Breaks when an edit lands on the undo stack between a run's beginning and its end."""
    session.set_target(2.0)
    assert session.extend() is not None
    session.score.plan([C], "draw a note")
    assert session.score.planned == () and not session.undo_stack.canUndo()


def test_signals_tell_only_of_changes(session: Session) -> None:
    """Breaks when a view is drawn anew although nothing changed, or not drawn although something did."""
    said: list[str] = []
    score = session.score
    score.planned_changed.connect(lambda: said.append("planned"))
    score.heard_changed.connect(lambda: said.append("heard"))
    for _ in range(2):
        score.plan([C], "draw a note")
        score.set_heard([E])
        score.set_heard_new([G])
    assert said == ["planned", "heard", "heard"]
    session.undo()
    assert said[3:] == ["planned"]


def test_another_recording_has_no_notes_yet(session: Session, clip: Path) -> None:
    """Breaks when the notes of one recording are drawn under the next, or can be brought back there."""
    score = session.score
    score.plan([C], "draw a note")
    score.set_heard([E])
    score.set_heard_new([G])
    with open_source(clip) as other:
        session.open(other)
        assert (score.planned, score.heard, score.heard_new) == ((), (), ())
        assert not session.undo_stack.canUndo()
        session.open(other, planned=[G, C])
        assert score.planned == (C, G) and not session.undo_stack.canUndo()


def test_a_session_file_keeps_the_plan(session: Session, tmp_path: Path) -> None:
    """Breaks when the notes that were planned are lost with the window, or come back rounded."""
    source, path = session.source, tmp_path / f"a{SUFFIX}"
    assert source is not None
    notes = (Note(-1.25, -1 / 3, 21, 1), C)
    write_session(Saved.of(source, Takes(), Settings(), 2.0, 0.0, 0.0, notes), 22_050, path, overwrite=True)
    assert read_session(path).planned == notes


@pytest.mark.parametrize(
    "planned",
    [
        *(None, 3, "x", [3], [[]], [[0.0, 1.0, 60]], [[0.0, 1.0, 60, 80, 1]], [["a", 1.0, 60, 80]]),
        *([[1.0, 1.0, 60, 80]], [[0.0, 1.0, 20, 80]], [[0.0, 1.0, 60.5, 80]], [[0.0, 1.0, 60, 0]]),
        *([[0.0, float("inf"), 60, 80]], [[float("nan"), 1.0, 60, 80]], [[True, 2.0, 60, 80]], [[0.0, 1e300, 60, 80]]),
    ],
)
def test_notes_that_are_none_are_refused_in_words(tmp_path: Path, planned: object) -> None:
    """Breaks when a session file can bring a key that no piano has, half a key, or a note without an end."""
    with pytest.raises(PianoDiffError, match="damaged"):
        read_session(write_with(tmp_path / f"a{SUFFIX}", {"planned": planned}, {}))


def test_a_session_of_before_opens_without_notes(tmp_path: Path) -> None:
    """Breaks when sessions that were saved before there were notes no longer open."""
    path = write_with(tmp_path / f"a{SUFFIX}", {}, {}, without=("planned",))
    assert read_session(path).planned == ()
