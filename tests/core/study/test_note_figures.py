"""What the figures of notes say of notes asked and heard."""

import math

import pytest

from core.notes.note import Note
from core.study import note_figures as module
from core.study.hearing import Heard
from core.study.metrics import COLUMNS
from core.study.note_figures import note_figures

KNOWN = [Note(-1.5, -1.0, 60), Note(-0.8, -0.2, 64), Note(-0.4, 0.5, 67)]  # C, E, G
PLAN = [Note(0.2, 0.5, 72), Note(0.5, 0.9, 76), Note(1.0, 1.4, 77), Note(1.5, 1.9, 79)]
TRUE = Heard(KNOWN, PLAN)


def later(seconds: float, *notes: Note) -> list[Note]:
    return [note.moved(seconds) for note in notes]


def test_they_are_the_columns_of_notes() -> None:
    """Breaks when a column stays empty, or a figure is measured and never shown."""
    assert list(note_figures(PLAN, TRUE, TRUE)) == [column.name for column in COLUMNS if column.kind == "notes"]


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "rate_ratio", "familiar_classes"])
def test_every_figure_says_what_it_cannot_tell(name: str) -> None:
    text = getattr(module, name).__doc__
    assert "Tells" in text and "Can't tell" in text


def test_what_is_asked_and_heard() -> None:
    """Two of four are heard, one 60 ms late, one as another key, and one that nobody asked for."""
    heard = Heard(KNOWN, [*later(0.04, *PLAN[:2]), *later(0.06, PLAN[2]), Note(1.5, 1.9, 80), Note(1.7, 1.9, 50)])
    figures = note_figures(PLAN, heard, TRUE)
    assert (figures["note_precision"], figures["note_recall"]) == (2 / 5, 2 / 4)
    assert figures["note_f1"] == pytest.approx(4 / 9)
    assert figures["note_rate"] == 5.5 / 4.5


def test_a_row_without_a_plan_has_no_agreement() -> None:
    """Breaks when a method is told to have missed notes that it was never shown."""
    figures = note_figures(None, TRUE, TRUE)
    assert all(math.isnan(figures[name]) for name in ("note_precision", "note_recall", "note_f1"))
    assert (figures["note_rate"], figures["note_classes"]) == (1.0, 0.75)  # of C, E, F and G


def test_a_note_right_at_the_seam() -> None:
    """Heard just before it, it is what was asked; heard there without being asked, it is the known part's own."""
    asked = [Note(0.01, 0.4, 72), *PLAN[1:]]
    early = Heard([*KNOWN, Note(-0.03, 0.4, 72)], PLAN[1:])
    assert note_figures(asked, early, TRUE)["note_f1"] == 1.0
    assert note_figures(PLAN[1:], early, TRUE)["note_precision"] == 1.0


def test_nothing_asked_and_nothing_heard() -> None:
    """A rest that is kept is right; what is struck in one is not. A share of nothing is not a number."""
    nothing = Heard(KNOWN, [])
    kept, broken = note_figures([], nothing, TRUE), note_figures([], Heard(KNOWN, PLAN), TRUE)
    assert (kept["note_f1"], broken["note_f1"], broken["note_precision"]) == (1.0, 0.0, 0.0)
    assert math.isnan(kept["note_precision"]) and math.isnan(kept["note_recall"])
    assert math.isnan(kept["note_classes"]) and math.isnan(note_figures(None, TRUE, Heard([], PLAN))["note_classes"])
    missed = note_figures(PLAN, nothing, TRUE)
    assert missed["note_recall"] == missed["note_f1"] == 0.0 and math.isnan(missed["note_precision"])
    assert missed["note_rate"] == 0.5 / 4.5
