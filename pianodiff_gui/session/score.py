"""The notes of the open recording: what is to be played, and what was heard. Seconds from the recording's first sample.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from operator import attrgetter

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from core.notes.note import Note
from pianodiff_gui.session.engine import Engine
from pianodiff_gui.session.timeline import Timeline, is_within
from pianodiff_gui.session.undo import Change

Notes = tuple[Note, ...]
"""In order, none twice."""

_FIELDS = attrgetter("onset", "offset", "key", "velocity")


class Score(QObject):
    """What is planned can be undone, on the stack that undoes everything else; what was heard is found out again."""

    planned_changed = Signal()
    heard_changed = Signal()  # in the recording, or in what was generated

    def __init__(self, undo_stack: QUndoStack, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo_stack, self._engine = undo_stack, engine
        self._planned: Notes = ()
        self._heard: Notes = ()
        self._heard_new: Notes = ()

    @property
    def planned(self) -> Notes:
        """To be played, in what is to be made and in what was made from them."""
        return self._planned

    @property
    def heard(self) -> Notes:
        """In the recording, as far as it has been listened to."""
        return self._heard

    @property
    def heard_new(self) -> Notes:
        """In what was generated and is shown."""
        return self._heard_new

    def plan(self, notes: Iterable[Note], text: str, gesture: int = 0) -> None:
        """Plan these notes and no others, as one step of undo called `text`. While the engine is busy, nothing happens.

        gesture: steps that follow one another with the same number, above 0, are undone together.
        """
        after = in_order(notes)
        if after != self._planned and not self._engine.busy:
            kind = -1 - gesture if gesture else 0  # trims have kinds above 0
            self._undo_stack.push(Change(self._show, text, self._planned, after, kind))

    def set_heard(self, notes: Iterable[Note]) -> None:
        """What has been heard in the recording so far."""
        heard = in_order(notes)
        if heard != self._heard:
            self._heard = heard
            self.heard_changed.emit()

    def hear(self, begin: float, end: float, notes: Iterable[Note]) -> None:
        """What begins in the recording between two times, in place of what was taken to until now."""
        heard = replaced(self._heard, begin, end, notes)
        if heard != self._heard:
            self._heard = heard
            self.heard_changed.emit()

    def set_heard_new(self, notes: Iterable[Note]) -> None:
        """What was heard in the generated parts of what is shown."""
        heard = in_order(notes)
        if heard != self._heard_new:
            self._heard_new = heard
            self.heard_changed.emit()

    def begin(self, planned: Iterable[Note] = ()) -> None:
        """Another recording is open, with the plan of an earlier session; nothing has been heard in it yet."""
        self.set_heard(())
        self.set_heard_new(())
        self._show(in_order(planned))

    def _show(self, planned: Notes) -> None:
        if planned != self._planned:
            self._planned = planned
            self.planned_changed.emit()


def replaced(notes: Notes, begin: float, end: float, by: Iterable[Note]) -> Notes:
    """`notes` with others in place of those whose onsets lie in begin..end, `end` not included."""
    first, last = (bisect_left(notes, at, key=attrgetter("onset")) for at in (begin, end))
    return (*notes[:first], *in_order(by), *notes[last:])


def left_of(heard: Notes, timeline: Timeline) -> Notes:
    """The notes of a recording without those in whose place something generated is heard."""
    rate = timeline.sample_rate
    for gap in (stretch.gap for stretch in timeline.stretches):
        if is_within(gap):
            heard = replaced(heard, gap[0] / rate, gap[1] / rate, ())
    return heard


def in_order(notes: Iterable[Note]) -> Notes:
    """Sorted, each once."""
    return tuple(sorted(set(notes), key=_FIELDS))  # as notes compare, but many times faster
