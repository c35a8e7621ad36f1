"""Having recordings read, and what is generated listened through; what is found is drawn as it comes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from core.analysis.peaks import PeakPyramid
from core.analysis.pitch import PitchTrack
from core.audio.recording_end import RecordingEnd
from core.audio.source import Source
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.pitch import PitchView
from pianodiff_gui.views.waveform import WaveformView
from pianodiff_gui.work.analysis import AnalysisWorker, PitchRequest, Reading
from pianodiff_gui.work.figures import Figures
from pianodiff_gui.work.threads import WorkerThread

_PITCH_DELAY = 150  # ms of quiet before the pitch of the generated part is looked for


class Analysing(QObject):
    """Between the thread that reads, and the waveform and pitch views. Late answers to an old request are dropped."""

    opened = Signal(object)  # Source; the waveform and the pitch follow
    failed = Signal(str)
    end_found = Signal(object)  # RecordingEnd of what was opened
    known_pitch_found = Signal(object)  # PitchTrack, the next stretch of the recording
    generated_pitch_found = Signal(object)  # PitchTrack of everything generated, None where there is nothing
    _read_requested = Signal(object)
    _pitch_requested = Signal(object)

    def __init__(
        self, session: Session, figures: Figures, waveform: WaveformView, pitch: PitchView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._figures = session, figures
        self._waveform, self._pitch = waveform, pitch
        self._reading: Reading | None = None
        self._studying = False
        self._pitch_request: PitchRequest | None = None
        self.worker = AnalysisWorker()
        self.worker_thread = WorkerThread(self.worker, "analysis", self, QThread.Priority.LowPriority)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_PITCH_DELAY)
        self._quiet.timeout.connect(self._request_pitch)
        self._read_requested.connect(self.worker.read)
        self._pitch_requested.connect(self.worker.study_generated)
        self.worker.opened.connect(self._opened)
        self.worker.open_failed.connect(self._open_failed)
        self.worker.progress.connect(self._progress)
        self.worker.end_found.connect(self._end_found)
        self.worker.peaks_ready.connect(self._peaks_ready)
        self.worker.pitch_found.connect(self._pitch_found)
        self.worker.generated_pitch_found.connect(self._generated_pitch_found)
        self.worker.done.connect(self._done)
        session.timeline_changed.connect(self._quiet.start)

    def read(self, path: Path, until: int | None = None) -> None:
        """Open and study a file, or its first `until` frames; the one before, if still being read, is let go of."""
        self._drop_reading()
        self._reading = Reading(path, until)
        self._studying = True
        self._read_requested.emit(self._reading)

    @property
    def settled(self) -> bool:
        """Whether all that can be known of what is open has been found and drawn."""
        return not (self._studying or self._quiet.isActive() or self._pitch_request is not None)

    def stop(self) -> None:
        """Begin no more work, and let go of what is under way."""
        self._drop_reading()
        if self._pitch_request is not None:
            self._pitch_request.dropped.set()
        self.worker_thread.quit()

    def _drop_reading(self) -> None:
        if self._reading is not None:
            self._reading.dropped.set()

    # The recording

    def _is_current(self, reading_id: int) -> bool:
        return self._reading is not None and self._reading.id == reading_id

    def _opened(self, reading_id: int, source: Source) -> None:
        if self._is_current(reading_id):
            self.opened.emit(source)
        else:
            source.close()

    def _open_failed(self, reading_id: int, message: str) -> None:
        if self._is_current(reading_id):
            self._studying = False
            self.failed.emit(message)

    def _progress(self, reading_id: int, what: str, share: float) -> None:
        if not self._is_current(reading_id):
            return
        note = self._pitch.note if what == "Finding pitch" else self._waveform.note
        note.setText(f"{what}\u2026 {100 * share:.0f} %" if share < 0.995 else "")

    def _end_found(self, reading_id: int, end: RecordingEnd) -> None:
        if self._is_current(reading_id):
            self.end_found.emit(end)

    def _peaks_ready(self, reading_id: int, pyramid: PeakPyramid) -> None:
        if self._is_current(reading_id):
            self._waveform.note.setText("")
            self._waveform.set_peaks(pyramid)

    def _pitch_found(self, reading_id: int, track: PitchTrack) -> None:
        if self._is_current(reading_id):
            self._pitch.add_known(track)
            self.known_pitch_found.emit(track)

    def _done(self, reading_id: int) -> None:
        if self._is_current(reading_id):
            self._studying = False
            self._pitch.note.setText("")
            self._waveform.note.setText("")

    # What is generated

    def _request_pitch(self) -> None:
        timeline = self._session.timeline
        if timeline is None:
            return
        if not self._session.engine.running:
            self._figures.ask(take.timeline for take in self._session.takes.all)
        if self._pitch_request is not None:
            self._pitch_request.dropped.set()
        if not timeline.generated_frames:
            self._pitch_request = None
            self._show_generated_pitch(None)
            return
        self._pitch_request = PitchRequest(timeline)
        self._pitch_requested.emit(self._pitch_request)

    def _generated_pitch_found(self, request_id: int, track: PitchTrack) -> None:
        if self._pitch_request is not None and self._pitch_request.id == request_id:
            self._pitch_request = None
            self._show_generated_pitch(track)

    def _show_generated_pitch(self, track: PitchTrack | None) -> None:
        self._pitch.set_generated(track)
        self.generated_pitch_found.emit(track)
