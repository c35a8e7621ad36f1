"""Notes from MIDI files into the plan, and all notes that there are into one."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QObject

from core.notes.midi import MIDI_SUFFIXES, MidiNotes, read_midi, write_midi
from core.notes.note import Note, moved, one_string_a_key
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.places import folder_beside
from pianodiff_gui.session.files import MOST_NOTES
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.score import left_of, replaced
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.work.background import Background

_KINDS = "MIDI files (*.mid *.midi);;All files (*)"


class NoteFiles(QObject):
    """Between MIDI files and the session's score."""

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        background: Background,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._preferences, self._background = session, preferences, background
        self._conversation, self._actions = conversation, actions
        actions.on("import_notes", self.choose_file)
        actions.on("export_notes", self.export)

    def choose_file(self) -> None:
        """Ask which file's notes are to be played."""
        path = self._conversation.choose_file("Import notes", self._preferences.folder, _KINDS)
        if path:
            self.import_from(Path(path))

    def import_from(self, path: Path) -> None:
        """Plan the notes of a file, its time 0 being where new audio begins, in place of those planned there."""
        source = self._session.source
        reason = self._session.engine.busy
        if source is None:
            reason = f"Open a recording first: the notes of {path.name} are what it goes on with."
        if reason:
            self._conversation.tell(reason)
            return

        def planned(found: MidiNotes) -> None:
            if self._session.source is source:
                self._preferences.folder = path.parent
                self._plan(path.name, found)

        self._background.run(lambda: read_midi(path), planned, self._conversation.tell)

    def _plan(self, name: str, found: MidiNotes) -> None:
        session = self._session
        timeline, goal, (begin, end) = session.timeline, session.goal, session.asked
        assert timeline is not None
        if len(found.notes) > MOST_NOTES:
            self._conversation.tell(f"{name} holds more than {wording.thousands(MOST_NOTES)} notes.")
            return
        notes = moved(found.notes, begin)
        if goal.gap is not None:
            notes = [note for note in notes if note.onset < end]
        # Beyond what is to be made, on its open side, there is nothing that an earlier plan could belong to.
        lowest = -math.inf if goal.gap == BEFORE else begin
        highest = math.inf if goal.gap is None else end
        session.score.plan(replaced(session.score.planned, lowest, highest, notes), f"import {name}")
        self._actions["lane_notes"].setChecked(True)
        said = [f"{wording.count(len(notes), 'note')} of {name} planned from {wording.clock(begin, 1)} on."]
        if left := len(found.notes) - len(notes):
            said.append(f"{wording.count(left, 'note')} would begin in the recording and {_is(left)} left out.")
        last = max((note.onset for note in notes), default=begin)
        if goal.gap is None and last > end:
            said.append(f"The last begins at {wording.clock(last, 1)}, beyond the handle.")
        self._conversation.say(" ".join([*said, *found.remarks]))

    def export(self) -> None:
        """Ask where to, then write what was heard in the recording and what is planned."""
        timeline, score = self._session.timeline, self._session.score
        if timeline is None:
            return
        home = folder_beside(timeline.source.path, self._preferences)
        proposal = home / f"{timeline.source.path.stem}{MIDI_SUFFIXES[0]}"
        name = self._conversation.choose_destination("Export notes", proposal, _KINDS)
        if not name:
            return
        path = Path(name) if name.lower().endswith(MIDI_SUFFIXES) else Path(name + MIDI_SUFFIXES[0])
        notes, before = together(left_of(score.heard, timeline), score.planned)

        def done(_result: object) -> None:
            where = f"; its time 0 is {wording.seconds(before)} before the recording" if before else ""
            self._conversation.say(f"{wording.count(len(notes), 'note')} written to {path.name}{where}")

        # The dialog has asked about a file of the name it gave; the suffix makes another of it.
        overwrite = path == Path(name)
        self._background.run(lambda: write_midi(path, notes, overwrite=overwrite), done, self._conversation.tell)


def together(heard: tuple[Note, ...], planned: tuple[Note, ...]) -> tuple[list[Note], float]:
    """All notes from time 0 on, as MIDI files count, and how many seconds before the recording that is."""
    notes = one_string_a_key((*heard, *planned))
    before = max(0.0, -min((note.onset for note in notes), default=0.0))
    return moved(notes, before), before


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
