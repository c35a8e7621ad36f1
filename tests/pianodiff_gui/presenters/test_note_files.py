"""MIDI files into the plan, and out of what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from core.notes.midi import read_midi, write_midi
from core.notes.note import Note
from pianodiff_gui.presenters.note_files import together
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.shell.window import MainWindow

TUNE = (Note(0.0, 0.5, 60, 80), Note(0.5, 1.0, 64, 90), Note(4.0, 4.5, 67, 100))


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    path = tmp_path / "tune.mid"
    write_midi(path, TUNE)
    return path


def dropped(window: MainWindow, path: Path) -> list[tuple[float, int]]:
    window.opening.open_dropped(path)
    window.background.wait()
    QApplication.processEvents()
    return [(round(note.onset, 3), note.key) for note in window.session.score.planned]


def test_a_dropped_file_is_planned_where_new_audio_begins(loaded: MainWindow, tune: Path) -> None:
    """Breaks when time 0 of the file is anything but the end of what there is, or what was planned before stays."""
    loaded.session.score.plan([Note(4.0, 5.0, 30)], "draw a note")
    loaded.commands["lane_pitch"].trigger()
    assert dropped(loaded, tune) == [(3.0, 60), (3.5, 64), (7.0, 67)]
    assert loaded.session.undo_stack.undoText() == "import tune.mid" and loaded.lanes.shown == "lane_notes"
    said = loaded.status.message.text()
    assert said.startswith("3 notes of tune.mid planned from 0:03.0 on.") and "0:07.0, beyond the handle" in said
    loaded.session.undo()
    assert [note.key for note in loaded.session.score.planned] == [30]


def test_before_and_within_the_recording_notes_stay_out_of_it(loaded: MainWindow, tune: Path) -> None:
    """Breaks when notes are planned where the recording is kept: they would never be played."""
    loaded.session.set_target(1.0, BEFORE)
    assert dropped(loaded, tune) == [(-1.0, 60), (-0.5, 64)]
    assert "1 note would begin in the recording and is left out." in loaded.status.message.text()
    loaded.session.select(1.0, 1.4)
    assert dropped(loaded, tune) == [(-1.0, 60), (-0.5, 64), (1.0, 60)]


def test_what_can_not_be_planned_is_told(
    window: MainWindow, tune: Path, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when a file that holds no notes, or one dropped before any recording, does nothing without a word."""
    assert dropped(window, tune) == []
    assert problems[0].startswith("Open a recording first: the notes of tune.mid")


def test_a_broken_file_is_told_and_changes_nothing(
    loaded: MainWindow, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when a damaged MIDI file ends in an error of Python's, or empties the plan."""
    loaded.session.score.plan([Note(4.0, 5.0, 30)], "draw a note")
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd nothing of the kind")
    assert dropped(loaded, broken) == [(4.0, 30)]
    assert len(problems) == 1 and "broken.mid is not a MIDI file" in problems[0]


def test_heard_and_planned_notes_are_exported_together(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the export has only one of them, or notes before the recording are heaped at its beginning."""
    score = loaded.session.score
    assert not loaded.commands["export_notes"].isEnabled()
    score.set_heard([Note(1.0, 1.5, 60, 70)])
    score.plan([Note(-2.0, -1.5, 64, 80), Note(3.0, 4.0, 67, 90)], "draw notes")
    path = tmp_path / "out.mid"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path.with_suffix("")), ""))
    loaded.commands["export_notes"].trigger()
    qtbot.waitUntil(path.exists, timeout=5000)
    qtbot.waitUntil(lambda: "3 notes written to out.mid" in loaded.status.message.text(), timeout=5000)
    assert "2.0 s before the recording" in loaded.status.message.text()
    wanted = [(0.0, 64, 80), (3.0, 60, 70), (5.0, 67, 90)]
    assert [(round(n.onset, 3), n.key, n.velocity) for n in read_midi(path).notes] == wanted


def test_one_key_is_struck_once() -> None:
    """Breaks when a planned note that strikes a sounding key makes a file in which both end together."""
    notes, before = together((Note(1.0, 4.0, 60),), (Note(3.0, 5.0, 60),))
    assert before == 0.0 and [(note.onset, note.offset) for note in notes] == [(1.0, 3.0), (3.0, 5.0)]
