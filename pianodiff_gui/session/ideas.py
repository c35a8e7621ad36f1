"""Ideas: notes composed for what is asked for, a few at a time, to choose from. What is chosen is planned."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.extension.taste import Taste
from core.notes.note import Note, moved
from pianodiff_gui.session.goal import Errand, Goal
from pianodiff_gui.session.score import Notes, Score, in_order
from pianodiff_gui.session.timeline import Timeline

AT_ONCE = 3
SKETCH_RATE = 22_050
"""Hz, of what ideas sound like."""
_ids = itertools.count(1)


@dataclass(frozen=True)
class Basis:
    """What ideas are composed for, and how: those of one basis can be compared, and are of no use for another.

    seed   of the first idea; the following ones have the seeds that follow
    """

    base: Timeline
    goal: Goal
    taste: Taste
    hold_level: bool
    seed: int


@dataclass(frozen=True, eq=False)
class Commission:
    """A request to compose for `basis`, once for each of `seeds`. Setting `dropped` ends it at the next step.

    kept, cut   notes that each idea begins with, and where what is composed begins: seconds from the first new sample
    """

    basis: Basis
    seeds: tuple[int, ...]
    kept: Notes = ()
    cut: float = 0.0
    id: int = field(default_factory=lambda: next(_ids))
    dropped: threading.Event = field(default_factory=threading.Event)

    @property
    def errand(self) -> Errand:
        """What is composed for."""
        return Errand(self.basis.base, self.basis.goal)


@dataclass(frozen=True, eq=False)
class Idea:
    """What was composed.

    notes    in seconds from the first new sample; none for a rest
    begin    where that is, in seconds from the recording's first sample
    seconds  how long it may be
    heard    how many notes were heard beside it: without any, nothing was composed
    sound    float32 (frames,) at SKETCH_RATE, what the notes sound like, roughly
    kept     those of the notes that were there before
    """

    seed: int
    notes: Notes
    begin: float
    seconds: float
    heard: int
    sound: np.ndarray
    kept: Notes = ()

    @property
    def planned(self) -> Notes:
        """The notes in seconds from the recording's first sample."""
        return in_order(moved(self.notes, self.begin))


class Ideas(QObject):
    """Those of one basis, and which of them is planned now."""

    changed = Signal()  # the ideas, which is planned, whether more are being composed, or why not

    def __init__(self, score: Score, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._score = score
        self._commission: Commission | None = None
        self._composing = False
        self._all: tuple[Idea, ...] = ()
        self._trouble = ""
        self._placed: Notes = ()  # the last idea that was planned, until it is played
        self._exactly: dict[tuple[float, Note], Note] = {}  # notes of ideas by where they begin, and as planned
        score.planned_changed.connect(self.changed)

    @property
    def all(self) -> tuple[Idea, ...]:
        return self._all

    @property
    def basis(self) -> Basis | None:
        """What they are for; None where there are none, and none are being composed."""
        return self._commission.basis if self._commission is not None else None

    @property
    def composing(self) -> bool:
        return self._composing

    @property
    def trouble(self) -> str:
        """Why none could be composed; "" where that went well."""
        return self._trouble

    @property
    def planned(self) -> int | None:
        """Which of them is planned, note for note; None where none is."""
        if self._commission is None:
            return None
        there = self._commission.errand.within(self._score.planned)
        return next((at for at, idea in enumerate(self._all) if idea.notes and idea.planned == there), None)

    def is_current(self, commission_id: int) -> bool:
        """Whether what was composed for that commission is still wanted."""
        return self._commission is not None and self._commission.id == commission_id

    # What happens to them

    def ask(self, commission: Commission) -> None:
        """Others are being composed; those that there are go."""
        self._drop()
        self._commission, self._composing, self._all, self._trouble = commission, True, (), ""
        self.changed.emit()

    def add(self, idea: Idea) -> None:
        """One more has been composed."""
        self._all = (*self._all, idea)
        self.changed.emit()

    def done(self, trouble: str = "") -> None:
        """No more of them come; trouble: why not."""
        self._composing, self._trouble = False, trouble
        self.changed.emit()

    def forget(self) -> None:
        """They are of no use any more, and what is still being composed is not wanted."""
        if self._commission is not None:
            self._drop()
            self._commission, self._composing, self._all, self._trouble = None, False, (), ""
            self.changed.emit()

    # The plan

    def place(self, idea: Idea) -> None:
        """Plan its notes, and no others where it is for, nor those of an earlier idea of which nothing was made."""
        if self._commission is None:
            return
        gone = {*self._commission.errand.within(self._score.planned), *self._placed}
        kept = [note for note in self._score.planned if note not in gone]
        composed = [note for note in idea.notes if note not in idea.kept]
        self._placed = in_order(moved(composed, idea.begin))
        self._exactly |= {(idea.begin, note.moved(idea.begin)): note for note in composed}
        self._score.plan([*kept, *idea.planned], "idea")

    def played(self) -> None:
        """What is planned is being made: it stays where it is, whatever is composed behind it."""
        self._placed = ()

    def are_planned(self, errand: Errand) -> bool:
        """Whether what is planned there, if anything, was composed and not changed since: it may be replaced."""
        return all((errand.begin, note) in self._exactly for note in errand.within(self._score.planned))

    def notes_for(self, errand: Errand) -> Notes:
        """What is planned there, in seconds from the first new sample; of composed notes to the last bit."""
        begin = errand.begin
        there = errand.within(self._score.planned)
        return in_order(self._exactly.get((begin, note), note.moved(-begin)) for note in there)

    def _drop(self) -> None:
        if self._commission is not None:
            self._commission.dropped.set()
