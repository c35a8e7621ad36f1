"""What becomes of notes that are edited together."""

from __future__ import annotations

import pytest

from core.notes.note import SHORTEST, Note
from pianodiff_gui.session.note_edits import begun_at, lengthened, louder, may_begin_at, shifted
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from tests.pianodiff_gui.session.conftest import extended, finish

LOW, HIGH = Note(1.0, 1.5, 23, 10), Note(1.25, 2.0, 105, 120)


def test_a_chord_keeps_its_intervals_at_the_end_of_the_piano() -> None:
    """Breaks when the notes that have room go on while another stays, or a key lies beside the piano."""
    assert [note.key for note in shifted([LOW, HIGH], 0.0, 12)] == [26, 108]
    assert [note.key for note in shifted([LOW, HIGH], 0.0, -12)] == [21, 103]
    assert [(note.onset, note.offset) for note in shifted([LOW], -2.5, 0)] == [(-1.5, -1.0)]


def test_no_note_gets_shorter_than_a_note_or_louder_than_velocity_goes() -> None:
    """Breaks when a drag to the left leaves a note without length, which ends in an error."""
    assert lengthened([LOW], -9.0)[0].seconds == pytest.approx(SHORTEST)
    assert lengthened([LOW], 0.5)[0].offset == 2.0
    assert [note.velocity for note in louder([LOW, HIGH], 20)] == [30, 127]
    assert [note.velocity for note in louder([LOW, HIGH], -20)] == [1, 100]


def test_what_is_pasted_keeps_its_rhythm() -> None:
    """Breaks when every pasted note begins at the playhead."""
    assert [note.onset for note in begun_at([HIGH, LOW], 7.0)] == [7.25, 7.0]


def test_a_note_is_never_planned_in_the_recording_itself(session: Session) -> None:
    """Breaks when a note can be drawn where it would never be played, or not where it would."""

    def allowed(*times: float) -> list[bool]:
        assert session.timeline is not None
        return [may_begin_at(session.timeline, session.selection, seconds) for seconds in times]

    assert allowed(-1.0, 0.0, 2.99, 3.0, 9.0) == [True, False, False, True, True]
    session.select(1.0, 2.0)
    assert allowed(0.9, 1.0, 1.99, 2.0) == [False, True, True, False]
    job = session.extend()
    assert job is not None
    finish(session, job)
    assert session.selection is None and allowed(0.9, 1.0, 1.99, 2.0) == [False, True, True, False]
    extended(session, 1.0)
    session.set_target(1.0, BEFORE)
    assert allowed(-0.5, 3.5, 4.5) == [True, True, True]
