"""Editing the plan on the roll: which notes are chosen, and what becomes of them by the mouse and by keys.

What is under way with the mouse is shown, and is planned once the button is let go: one step of undo for each gesture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from statistics import median

from PySide6.QtCore import QObject, Qt, Signal

from core.notes.note import HIGHEST_KEY, LOWEST_KEY, SHORTEST, Note
from pianodiff_gui.session.note_edits import begun_at, lengthened, louder, may_begin_at, shifted
from pianodiff_gui.session.score import Notes, in_order
from pianodiff_gui.session.session import Session

WHERE = "Notes can be planned where audio is to be made: behind the end, before the start, or in a selection."
OCTAVE = 12
_NUDGE, _FAR_NUDGE = 0.01, 0.1  # s
_FIRST_SECONDS, _FIRST_VELOCITY = 0.5, 80  # of the first note that is drawn where nothing was heard
_LATELY = 24  # notes at the end of the recording that say how loud it is
_VELOCITY_PER_PIXEL = 0.5
_KEYS = frozenset(
    (
        *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
        *(Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Escape),
    )
)


class Gesture(Enum):
    """What a drag does."""

    MOVE = auto()
    LENGTHEN = auto()
    VELOCITY = auto()
    DRAW = auto()
    SELECT = auto()


@dataclass(frozen=True)
class Place:
    """Where the mouse is on the roll. key: with its fraction; pixel: counted downwards."""

    seconds: float
    key: float
    pixel: float = 0.0


@dataclass
class _Drag:
    gesture: Gesture
    start: Place
    taken: frozenset[Note]  # the notes that are changed, or were chosen before
    made: tuple[Note, ...]  # what they have become


class RollEditor(QObject):
    """Between the mouse and the session's score. Only planned notes are edited."""

    changed = Signal()  # what is chosen, or what is under way
    sounded = Signal(object)  # list[Note]: to be heard now
    refused = Signal(str)  # why nothing was done

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._score = session, session.score
        self.pencil = False  # whether a drag draws where there is no note
        self.chosen: frozenset[Note] = frozenset()
        self.copied: Notes = ()
        self._drag: _Drag | None = None
        self._last: Note | None = None  # as long and as loud as which the next one is drawn
        self._gesture, self._repeated = 0, ""  # the last step's number, and what it was where it may go on
        self._score.planned_changed.connect(self._planned_changed)
        session.source_changed.connect(self._forget)

    # What is shown

    @property
    def shown(self) -> Notes:
        """The planned notes, as they will be if the button is let go now."""
        drag = self._drag
        if drag is None or drag.gesture is Gesture.SELECT:
            return self._score.planned
        return in_order((set(self._score.planned) - drag.taken) | set(drag.made))

    @property
    def marked(self) -> frozenset[Note]:
        """Which of them are chosen."""
        drag = self._drag
        return self.chosen if drag is None or drag.gesture is Gesture.SELECT else frozenset(drag.made)

    @property
    def band(self) -> tuple[Place, Place] | None:
        """Two corners of the rectangle in which notes are being chosen."""
        drag = self._drag
        return (drag.start, self._end) if drag is not None and drag.gesture is Gesture.SELECT else None

    @property
    def dragging(self) -> bool:
        """Whether a gesture is under way."""
        return self._drag is not None

    # Choosing

    def choose(self, notes: Iterable[Note]) -> None:
        """These notes and no others."""
        chosen = frozenset(notes) & frozenset(self._score.planned)
        if chosen != self.chosen:
            self.chosen, self._repeated = chosen, ""
            self.changed.emit()

    def choose_all(self) -> None:
        """Every planned note."""
        self.choose(self._score.planned)

    def click(self, note: Note | None, more: bool) -> bool:
        """A click on a note, or beside all; with `more` it is added, or taken out again. True when it did something."""
        if note is None:
            had = bool(self.chosen)
            self.choose(())
            return had
        self.choose(self.chosen ^ {note} if more else {note})
        self.sounded.emit([note])
        return True

    # By the mouse

    def draw(self, place: Place) -> None:
        """A note there, as long and as loud as the last one."""
        begin, seconds = place.seconds, self._last.seconds if self._last is not None else _FIRST_SECONDS
        self._replace((), [Note(begin, begin + seconds, _key(place), self._velocity)], "draw a note")

    def begin(self, gesture: Gesture, place: Place, note: Note | None = None) -> bool:
        """Begin a drag, at `note` if there is one. False when it can't be done now, which is said."""
        if gesture is not Gesture.SELECT and (reason := self._session.engine.busy):
            self.refused.emit(reason)
            return False
        if gesture is Gesture.DRAW and not self._may_begin([place.seconds]):
            self.refused.emit(WHERE)
            return False
        if note is not None and note not in self.chosen and gesture is not Gesture.SELECT:
            self.choose({note})
        taken: frozenset[Note] = frozenset() if gesture is Gesture.DRAW else self.chosen
        self._drag, self._end = _Drag(gesture, place, taken, in_order(taken)), place
        self.drag(place)
        if gesture is Gesture.DRAW:
            self.sounded.emit(list(self._drag.made))
        return True

    def drag(self, place: Place) -> None:
        """The mouse is there now."""
        drag = self._drag
        if drag is None:
            return
        self._end = place
        seconds = place.seconds - drag.start.seconds
        if drag.gesture is Gesture.MOVE:
            self._move(drag, seconds, round(place.key - drag.start.key))
        elif drag.gesture is Gesture.LENGTHEN:
            drag.made = tuple(lengthened(drag.taken, seconds))
        elif drag.gesture is Gesture.VELOCITY:
            drag.made = tuple(louder(drag.taken, round((drag.start.pixel - place.pixel) * _VELOCITY_PER_PIXEL)))
        elif drag.gesture is Gesture.DRAW:
            begin = drag.start.seconds
            drag.made = (Note(begin, max(place.seconds, begin + SHORTEST), _key(drag.start), self._velocity),)
        else:
            self.chosen = drag.taken | frozenset(self._within(drag.start, place))
        self.changed.emit()

    def _move(self, drag: _Drag, seconds: float, keys: int) -> None:
        """It stays where it was last where a note would begin in the recording."""
        made = shifted(in_order(drag.taken), seconds, keys)
        if self._may_begin(_moved_onsets(drag.taken, made)):
            struck = {note.key for note in made} != {note.key for note in drag.made}
            drag.made = tuple(made)
            if struck:
                self.sounded.emit(made)

    def end(self) -> None:
        """The button is let go: what was shown is planned."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        if drag.gesture in (Gesture.SELECT, Gesture.MOVE) and frozenset(drag.made) == drag.taken:
            self.changed.emit()
            return
        text = {
            Gesture.MOVE: "move",
            Gesture.LENGTHEN: "lengthen",
            Gesture.VELOCITY: "change velocity of",
            Gesture.DRAW: "draw",
        }[drag.gesture]
        silent = drag.gesture in (Gesture.MOVE, Gesture.DRAW)  # it was heard on the way
        self._replace(drag.taken, drag.made, f"{text} {_notes(drag.made)}", silent=silent)
        self.changed.emit()

    def cancel(self) -> None:
        """Nothing comes of the drag."""
        drag, self._drag = self._drag, None
        if drag is not None and drag.gesture is Gesture.SELECT:
            self.chosen = drag.taken
        self.changed.emit()

    def turn_velocity(self, steps: int, note: Note) -> None:
        """By the wheel over a note: of all that are chosen, or of this one."""
        if note not in self.chosen:
            self.choose({note})
        text = f"change velocity of {_notes(self.chosen)}"
        self._replace(self.chosen, louder(self.chosen, steps), text, repeated="wheel")

    # By keys

    def wants(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether a key is about the notes that are chosen, and not about lengths and takes as it is elsewhere."""
        if modifiers & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            return False
        return key in _KEYS and (bool(self.chosen) or (self.dragging and key == Qt.Key.Key_Escape))

    def press(self, key: int, far: bool, held: bool) -> None:
        """A key that is wanted. far: with Shift; held: it repeats by itself."""
        if key == Qt.Key.Key_Escape:
            if self.dragging:
                self.cancel()
            else:
                self.choose(())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.erase()
        else:
            keys = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(key), 0) * (OCTAVE if far else 1)
            right = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(key), 0)
            made = shifted(in_order(self.chosen), right * (_FAR_NUDGE if far else _NUDGE), keys)
            text = f"{'transpose' if keys else 'move'} {_notes(made)}"
            self._replace(self.chosen, made, text, repeated=f"{key}", fresh=not held, silent=not keys)

    def erase(self) -> None:
        """Take the chosen notes away."""
        self._replace(self.chosen, (), f"erase {_notes(self.chosen)}")

    def copy(self) -> None:
        """Keep the chosen notes to be pasted."""
        self.copied = in_order(self.chosen)
        self.changed.emit()

    def cut(self) -> None:
        """Copy and erase."""
        self.copy()
        self.erase()

    def paste(self, playhead: float) -> None:
        """What was copied: from the playhead on, or from where new audio begins if it stands in the recording."""
        if self.copied:
            begin = playhead if self._may_begin([playhead]) else self._session.asked[0]
            made = begun_at(self.copied, begin)
            self._replace((), made, f"paste {_notes(made)}")

    # What comes of it

    def _replace(
        self,
        taken: Collection[Note],
        made: Collection[Note],
        text: str,
        repeated: str = "",
        fresh: bool = False,
        silent: bool = False,
    ) -> None:
        """Plan `made` in place of `taken`.

        repeated: what it is, where the same once more is undone together with it; fresh: but not with what came before.
        """
        if reason := self._session.engine.busy:
            self.refused.emit(reason)
            return
        if not self._may_begin(_moved_onsets(taken, made)):
            self.refused.emit(WHERE)
            return
        if fresh or not repeated or repeated != self._repeated:
            self._gesture += 1
        planned = (set(self._score.planned) - set(taken)) | set(made)
        self.chosen = frozenset(made)
        self._score.plan(planned, text, self._gesture)
        self._repeated = repeated
        if made:
            self._last = in_order(made)[-1]
            if not silent:
                self.sounded.emit(in_order(made))
        self.changed.emit()

    @property
    def _velocity(self) -> int:
        """Of the next note that is drawn; of the first, that of the music before it."""
        if self._last is not None:
            return self._last.velocity
        heard = [note.velocity for note in self._score.heard[-_LATELY:]]
        return round(median(heard)) if heard else _FIRST_VELOCITY

    def _forget(self) -> None:
        self._last = None

    def _may_begin(self, onsets: Iterable[float]) -> bool:
        timeline, selection = self._session.timeline, self._session.selection
        return timeline is not None and all(may_begin_at(timeline, selection, onset) for onset in onsets)

    def _within(self, one: Place, other: Place) -> list[Note]:
        """The planned notes that lie, in part, in a rectangle with these corners."""
        (begin, end), (low, high) = sorted((one.seconds, other.seconds)), sorted((one.key, other.key))
        near = (note for note in self._score.planned if note.onset < end and note.offset > begin)
        return [note for note in near if low - 0.5 < note.key < high + 0.5]

    def _planned_changed(self) -> None:
        if self.chosen:
            self.chosen &= frozenset(self._score.planned)
        self._repeated = ""
        self._drag = None
        self.changed.emit()


def _key(place: Place) -> int:
    return min(max(round(place.key), LOWEST_KEY), HIGHEST_KEY)


def _moved_onsets(taken: Iterable[Note], made: Iterable[Note]) -> set[float]:
    """Where notes begin now and none began before: those of a selection that was given up may stay where they are."""
    return {note.onset for note in made} - {note.onset for note in taken}


def _notes(notes: Collection[Note]) -> str:
    return "a note" if len(notes) == 1 else f"{len(notes)} notes"
