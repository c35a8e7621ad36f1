"""Hearing notes as they are edited, and the keys of the roll's keyboard: as a sketch, at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from core.audio.signal import FloatArray
from core.errors import AudioError
from core.notes.note import Note, moved, one_string_a_key
from core.notes.sketch import sketch
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.sound.card import SoundCard
from pianodiff_gui.sound.voice import Voice
from pianodiff_gui.views.roll import RollView
from pianodiff_gui.work.background import Background

log = logging.getLogger(__name__)

MOST_NOTES = 16
"""That are heard of an edit: the first ones."""
_LONGEST, _REACH = 1.0, 2.0  # s: of a note, and from the first onset to the last
_KEY_VELOCITY = 90
_RING = 0.5  # s after the last note is let go
_IDLE = 1000  # ms of silence after which the sound device is given back


class Auditioning(QObject):
    """Between the roll and a voice of its own. The recording may be playing meanwhile."""

    def __init__(self, roll: RollView, card: SoundCard, conversation: Conversation) -> None:
        super().__init__(conversation)
        self._card, self._conversation = card, conversation
        self.voice = Voice(card)
        self._background = Background(self)
        self._idle = QTimer(self, interval=_IDLE)
        self._idle.timeout.connect(self._rest)
        roll.editor.sounded.connect(self.hear)
        roll.keyboard.pressed.connect(lambda key: self.hear([Note(0.0, _LONGEST, key, _KEY_VELOCITY)]))

    def hear(self, notes: Sequence[Note]) -> None:
        """These notes now, the first at once."""
        if problem := self._card.unavailable():
            self._conversation.say(problem)
            return
        heard = excerpt(notes)
        self._background.run(lambda: self._play(heard), None, self._conversation.say)
        self._idle.start()

    def _play(self, notes: Sequence[Note]) -> None:
        """In the background. Raises AudioError."""
        try:
            self.voice.sound(lambda rate: _sketched(notes, rate))
        except Exception as error:
            log.exception("notes could not be played")
            raise AudioError(f"The sound device could not be opened ({error}). Is another program using it?") from error

    def close(self) -> None:
        """Let go of the sound device."""
        self._idle.stop()
        self._background.wait()
        self.voice.close()

    def _rest(self) -> None:
        if self.voice.silent:
            self._idle.stop()
            self._background.run(self.voice.close)


def excerpt(notes: Sequence[Note]) -> list[Note]:
    """The first of some notes, from time 0 on, none of them long."""
    first = min(note.onset for note in notes)
    near = [note for note in sorted(notes) if note.onset - first <= _REACH][:MOST_NOTES]
    short = [replace(note, offset=min(note.offset, note.onset + _LONGEST)) for note in near]
    return one_string_a_key(moved(short, -first))


def _sketched(notes: Sequence[Note], sample_rate: int) -> FloatArray:
    seconds = max(note.offset for note in notes) + _RING
    return sketch(notes, round(seconds * sample_rate), sample_rate)
