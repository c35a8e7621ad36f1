"""The thread that hears notes in the recording and in what was generated, piece by piece, each when it is asked for."""

from __future__ import annotations

import itertools
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import PianoDiffError
from core.notes.note import moved
from pianodiff_gui.look.wording import went_wrong
from pianodiff_gui.session.timeline import Timeline

if TYPE_CHECKING:
    from core.notes.piecewise import Piecewise

log = logging.getLogger(__name__)

_ids = itertools.count(1)


@dataclass(frozen=True, eq=False)
class ToHear:
    """What is to be listened to: frames begin..end of a timeline. Setting `dropped` ends it within a piece.

    level: the active RMS of the whole recording; None where that is still to be found.
    """

    timeline: Timeline
    begin: int
    end: int
    level: float | None = None
    id: int = field(default_factory=lambda: next(_ids))
    dropped: threading.Event = field(default_factory=threading.Event)


class _Dropped(Exception):
    """The result is not wanted any more."""


class HearingWorker(QObject):
    """Lives in its own thread. Every signal carries the id of the request that it answers; whatever comes of a request,
    `done` is the last of it. torch has to be loaded.
    """

    prepared = Signal(int, int, float, float)  # how many pieces, the length of each in s, the level
    heard = Signal(int, int, float, float, object)  # which piece; seconds from where to where, all notes known there
    failed = Signal(int, str)  # why nothing can be heard
    done = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._pieces: dict[int, Piecewise] = {}

    @Slot(object)
    def prepare(self, what: ToHear) -> None:
        """Find out how loud the recording is."""
        try:
            from core.notes.listening import shipped_listener
            from core.notes.piecewise import Piecewise, level_of

            def go_on(_share: float) -> None:
                if what.dropped.is_set():
                    raise _Dropped

            level = what.level if what.level is not None else level_of(what.timeline.source, go_on)
            timeline, begin = what.timeline, what.begin
            self._pieces[what.id] = made = Piecewise(
                lambda first, last: timeline.read(begin + first, begin + last),
                what.end - begin,
                timeline.sample_rate,
                level,
                *shipped_listener(),
            )
            self.prepared.emit(what.id, made.pieces, made.piece_seconds, level)
        except _Dropped:
            pass
        except Exception as error:
            self._fail(what, error)
        self.done.emit(what.id)

    @Slot(object, int)
    def hear(self, what: ToHear, piece: int) -> None:
        """Listen to a piece of what was prepared."""
        try:
            if not what.dropped.is_set():
                begin, end, notes = self._pieces[what.id].hear(piece)
                offset = what.begin / what.timeline.sample_rate
                self.heard.emit(what.id, piece, begin + offset, end + offset, moved(notes, offset))
        except Exception as error:
            self._fail(what, error)
        self.done.emit(what.id)

    @Slot(object)
    def forget(self, what: ToHear) -> None:
        """It has been heard, or is not wanted any more."""
        self._pieces.pop(what.id, None)

    def _fail(self, what: ToHear, error: Exception) -> None:
        if isinstance(error, PianoDiffError):
            self.failed.emit(what.id, str(error))
        else:
            log.error("listening failed", exc_info=error)
            self.failed.emit(what.id, went_wrong(error))
