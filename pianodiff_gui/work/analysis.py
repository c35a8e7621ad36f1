"""The thread that reads files: opens them, gathers peaks for drawing and finds the pitch, in pieces."""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.analysis.peaks import PeakPyramid
from core.analysis.pitch import PitchTrack
from core.analysis.tracking import TRACK_HOP, TRACK_RATE, track
from core.audio.opening import open_source
from core.audio.recording_end import recording_end
from core.errors import PianoDiffError
from pianodiff_gui.session.timeline import Part, Timeline

log = logging.getLogger(__name__)

_LEAD = 1.0  # s of audio around a generated part, so that the first generated frames are whole
_ids = itertools.count(1)


@dataclass(frozen=True, eq=False)
class Reading:
    """A request to open and study a file, or its first `until` frames. Setting `dropped` ends it at the next block."""

    path: Path
    until: int | None = None
    id: int = field(default_factory=lambda: next(_ids))
    dropped: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, eq=False)
class PitchRequest:
    """A request for the pitch of the generated parts of `timeline`; only the newest one counts."""

    timeline: Timeline
    id: int = field(default_factory=lambda: next(_ids))
    dropped: threading.Event = field(default_factory=threading.Event)


class _Dropped(Exception):
    """The result is not wanted any more."""


class AnalysisWorker(QObject):
    """Lives in its own thread. Every signal carries the id of the request it answers."""

    opened = Signal(int, object)  # Source
    open_failed = Signal(int, str)
    progress = Signal(int, str, float)  # what is being done, share 0..1
    end_found = Signal(int, object)  # RecordingEnd
    peaks_ready = Signal(int, object)  # PeakPyramid
    pitch_found = Signal(int, object)  # PitchTrack, the next stretch of the file
    generated_pitch_found = Signal(int, object)  # PitchTrack of everything generated
    done = Signal(int)

    @Slot(object)
    def read(self, reading: Reading) -> None:
        """Open the file, then peaks, then pitch."""
        if reading.dropped.is_set():
            return
        try:
            source = open_source(reading.path)
            if reading.until is not None and 0 < reading.until < source.frames:
                with source:
                    source = source.until(reading.until)
            source.check_finite()
        except PianoDiffError as error:
            self.open_failed.emit(reading.id, str(error))
            return
        except Exception as error:
            log.exception("opening %s failed", reading.path)
            self.open_failed.emit(
                reading.id, f"{reading.path.name} could not be opened ({type(error).__name__}: {error})."
            )
            return
        self.opened.emit(reading.id, source)
        try:
            self.end_found.emit(reading.id, recording_end(source))
            self.peaks_ready.emit(reading.id, PeakPyramid.of(source, self._reporter(reading, "Reading")))
            found = 0
            total = max(1.0, source.seconds * TRACK_RATE / TRACK_HOP)
            report = self._reporter(reading, "Finding pitch")
            for piece in track(source.read, source.frames, source.sample_rate):
                found += len(piece.times)
                report(min(1.0, found / total))
                self.pitch_found.emit(reading.id, piece)
        except _Dropped:
            return
        except PianoDiffError as error:
            self.open_failed.emit(reading.id, str(error))
        except Exception:
            log.exception("studying %s failed", reading.path)
        self.done.emit(reading.id)

    @Slot(object)
    def study_generated(self, request: PitchRequest) -> None:
        """Pitch of the generated parts; the frames centred in the recording are left out."""
        if request.dropped.is_set():
            return
        pieces: list[PitchTrack] = []
        try:
            for part, _ in request.timeline.generated_parts:
                for piece in pitch_of(request.timeline, part):
                    if request.dropped.is_set():
                        return
                    pieces.append(piece)
        except PianoDiffError:
            log.exception("the pitch of the generated part could not be found")
            return
        self.generated_pitch_found.emit(request.id, PitchTrack.join(pieces))

    def _reporter(self, reading: Reading, what: str) -> Callable[[float], None]:
        last = -1.0

        def report(share: float) -> None:
            nonlocal last
            if reading.dropped.is_set():
                raise _Dropped
            if share - last >= 0.01:
                last = share
                self.progress.emit(reading.id, what, share)

        return report


def pitch_of(timeline: Timeline, part: Part) -> Iterator[PitchTrack]:
    """The pitch of one part of a timeline, in pieces. It is looked for in what is around it as well: a frame is longer
    than a hop. Raises AudioError: the recording can't be read.
    """
    rate = timeline.sample_rate
    begin, end = part.begin / rate, part.end / rate
    # Start on the grid of frames that the recording has, so that both are sampled alike.
    hops = math.floor((max(timeline.begin_seconds, begin - _LEAD)) * TRACK_RATE / TRACK_HOP)
    if hops * TRACK_HOP / TRACK_RATE < timeline.begin_seconds:
        hops += 1
    first = round(hops * TRACK_HOP / TRACK_RATE * rate)
    last = min(timeline.end, part.end + round(_LEAD * rate))

    def read(start: int, stop: int) -> np.ndarray:
        return timeline.read(first + start, min(first + stop, last))

    for piece in track(read, last - first, rate):
        times = piece.times + first / rate
        new = (times >= begin) & (times < end if part.end < timeline.end else True)
        yield PitchTrack(times[new], piece.f0[new], piece.aperiodicity[new])
