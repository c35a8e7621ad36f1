"""Having the recording listened to for its notes, and what is generated, while nothing more urgent is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from core.notes.note import Note, moved
from pianodiff_gui.session.score import Notes, replaced
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Part, Stretch, Timeline
from pianodiff_gui.views.plots import TimeViewBox
from pianodiff_gui.views.roll import RollView
from pianodiff_gui.work.hearing import HearingWorker, ToHear
from pianodiff_gui.work.threads import WorkerThread

_DELAY = 200  # ms of quiet before what was generated is listened to: a held arrow key trims many times
_LEAD = 2.0  # s of audio before a generated part, by which its notes are told from such as ring on


@dataclass(eq=False)
class _Hearing:
    """What is being listened to, and how far that is.

    stretch, part   what was generated; None for the recording
    heard           which pieces have been; none before it is known how many there are
    """

    what: ToHear
    stretch: Stretch | None = None
    part: Part | None = None
    heard: list[bool] = field(default_factory=list)
    piece_seconds: float = 0.0
    notes: Notes = ()


class Transcribing(QObject):
    """Between the thread that hears and the session's score: one piece is asked for when the last has been heard, the
    one that is in view first. Late answers are dropped. While the engine runs, nothing is asked for.
    """

    progress_changed = Signal(str)  # what is being done, for the status bar; "" for nothing
    _prepare_requested = Signal(object)
    _hear_requested = Signal(object, int)
    _forget_requested = Signal(object)

    def __init__(self, session: Session, roll: RollView, view: TimeViewBox, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._roll, self._view = session, roll, view
        self._ready = self._asking = self._stopped = False
        self._trouble = ""  # why nothing can be heard
        self._level: float | None = None  # of the recording
        self._recording: _Hearing | None = None  # as long as it isn't through
        self._new: list[_Hearing] = []
        self._known: WeakKeyDictionary[Stretch, list[Note]] = WeakKeyDictionary()  # seconds from its first frame
        self.worker = HearingWorker()
        self.worker_thread = WorkerThread(self.worker, "hearing", self, QThread.Priority.LowPriority)
        self._prepare_requested.connect(self.worker.prepare)
        self._hear_requested.connect(self.worker.hear)
        self._forget_requested.connect(self.worker.forget)
        self.worker.prepared.connect(self._prepared)
        self.worker.heard.connect(self._heard)
        self.worker.failed.connect(self._failed)
        self.worker.done.connect(self._done)
        self._quiet = QTimer(self, interval=_DELAY, singleShot=True)
        self._quiet.timeout.connect(self._look_for_new)
        session.source_changed.connect(self._source_changed)
        session.timeline_changed.connect(self._timeline_changed)
        session.engine.changed.connect(self._go_on)

    def begin(self) -> None:
        """torch is loaded: from now on there is listening."""
        self._ready = True
        self._go_on()

    @property
    def settled(self) -> bool:
        """Whether all notes that there are have been heard."""
        return self._recording is None and not self._new and not self._quiet.isActive()

    def stop(self) -> None:
        """Begin no more work, and let go of what is under way."""
        self._stopped = True
        self._quiet.stop()
        for each in self._all():
            each.what.dropped.set()
        self.worker_thread.quit()

    # What there is to hear

    def _all(self) -> list[_Hearing]:
        return [*self._new, *([self._recording] if self._recording is not None else [])]

    def _source_changed(self) -> None:
        for each in self._all():
            self._drop(each)
        self._new, self._recording, self._level, self._trouble = [], None, None, ""
        source = self._session.source
        if source is not None:
            self._recording = _Hearing(ToHear(Timeline(source), 0, source.frames))
        self._show_progress()
        self._go_on()

    def _timeline_changed(self) -> None:
        self._show_new()
        self._quiet.start()

    def _look_for_new(self) -> None:
        timeline = self._session.timeline
        if timeline is None or self._session.engine.running:
            return  # a run's end changes the timeline once more
        wanted = {stretch: part for part, stretch in timeline.generated_parts if stretch not in self._known}
        for each in self._new:
            if each.stretch not in wanted:
                self._drop(each)
        self._new = [each for each in self._new if each.stretch in wanted]
        under_way = {each.stretch for each in self._new}
        for stretch, part in wanted.items():
            if stretch not in under_way:
                begin = max(timeline.begin, part.begin - round(_LEAD * timeline.sample_rate))
                end = min(timeline.end, part.end + round(_LEAD * timeline.sample_rate))
                self._new.append(_Hearing(ToHear(timeline, begin, end, self._level), stretch, part))
        self._go_on()

    def _drop(self, each: _Hearing) -> None:
        if each.what.dropped.is_set():
            return
        each.what.dropped.set()
        self._forget_requested.emit(each.what)

    # Asking, one thing at a time

    def _go_on(self) -> None:
        ready = self._ready and not self._asking and not self._stopped
        if not ready or self._session.engine.running or not self._all():
            return
        current = self._all()[0]
        self._asking = True
        if not current.heard:
            self._prepare_requested.emit(current.what)
            return
        low, high = self._view.viewRange()[0]
        offset = current.what.begin / current.what.timeline.sample_rate
        seen = tuple(int((at - offset) // current.piece_seconds) for at in (low, high))
        self._hear_requested.emit(current.what, next_piece(current.heard, *seen))

    def _done(self, _id: int) -> None:
        self._asking = False
        self._show_progress()
        self._go_on()

    # What comes of it

    def _find(self, what_id: int) -> _Hearing | None:
        return next((each for each in self._all() if each.what.id == what_id), None)

    def _prepared(self, what_id: int, pieces: int, piece_seconds: float, level: float) -> None:
        each = self._find(what_id)
        if each is None:
            return
        each.heard, each.piece_seconds = [False] * pieces, piece_seconds
        self._level = level

    def _heard(self, what_id: int, piece: int, begin: float, end: float, notes: list[Note]) -> None:
        each = self._find(what_id)
        if each is None:
            return
        each.heard[piece] = True
        if each.stretch is None or each.part is None:
            self._session.score.hear(begin, end, notes)
        else:
            each.notes = replaced(each.notes, begin, end, notes)
        if all(each.heard):
            self._is_through(each)

    def _is_through(self, each: _Hearing) -> None:
        self._drop(each)
        if each.stretch is None or each.part is None:
            self._recording = None
            return
        self._new.remove(each)
        rate = each.what.timeline.sample_rate
        begin, end = each.part.begin / rate, each.part.end / rate
        self._known[each.stretch] = moved((note for note in each.notes if begin <= note.onset < end), -begin)
        self._show_new()

    def _failed(self, what_id: int, message: str) -> None:
        each = self._find(what_id)
        if each is None:
            return
        self._drop(each)
        if each is self._recording:
            self._recording = None
        else:
            self._new.remove(each)
        self._trouble = message

    # Showing it

    def _show_new(self) -> None:
        timeline = self._session.timeline
        parts = timeline.generated_parts if timeline is not None else ()
        rate = timeline.sample_rate if timeline is not None else 1
        found = (moved(self._known.get(stretch, ()), part.begin / rate) for part, stretch in parts)
        self._session.score.set_heard_new(chain.from_iterable(found))

    def _show_progress(self) -> None:
        each = self._recording
        share = sum(each.heard) / len(each.heard) if each is not None and each.heard else 0.0
        self._roll.show_hearing(each is not None, self._trouble)
        self.progress_changed.emit(f"Listening\u2026 {100 * share:.0f} %" if each is not None and self._ready else "")


def next_piece(heard: Sequence[bool], first: int, last: int) -> int:
    """The piece to listen to next, at least one not being `heard` yet: of those in view, first..last, the earliest,
    else the earliest behind them, else the earliest.
    """
    unheard = [piece for piece, done in enumerate(heard) if not done]
    seen = [piece for piece in unheard if first <= piece <= last]
    behind = [piece for piece in unheard if piece > last]
    return (seen or behind or unheard)[0]
