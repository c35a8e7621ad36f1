"""Having the spectrogram made of what is shown: only while it is looked at, what is in view first."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from core.analysis.spectrogram_pyramid import Block
from pianodiff_gui.presenters.analysing import Analysing
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Timeline
from pianodiff_gui.views.spectrogram import SpectrogramView
from pianodiff_gui.work.spectrograms import BlockRequest, Content, SpectrogramWorker, contents_of
from pianodiff_gui.work.threads import WorkerThread

_DELAY = 150  # ms of quiet before what changed is looked at
_KEPT = 64  # blocks that are not shown, 27 MB: those of other takes are there at once


class Picturing(QObject):
    """Between the thread that makes blocks, and the view. One block is asked for at a time."""

    _requested = Signal(object)

    def __init__(self, session: Session, analysing: Analysing, view: SpectrogramView, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._view = session, view
        self._timeline: Timeline | None = None  # as it was last looked at
        self._wanted: dict[int, Content] = {}  # its blocks
        self._made: dict[Content, Block] = {}  # the newest last
        self._request: BlockRequest | None = None
        self._trouble = ""
        self.worker = SpectrogramWorker()
        self.worker_thread = WorkerThread(self.worker, "spectrogram", self, QThread.Priority.LowestPriority)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_DELAY)
        self._quiet.timeout.connect(self._look)
        self._requested.connect(self.worker.make)
        self.worker.made.connect(self._block_made)
        self.worker.failed.connect(self._block_failed)
        session.source_changed.connect(self._forget)
        session.timeline_changed.connect(self._quiet.start)
        view.shown.connect(self._look)
        analysing.known_pitch_found.connect(view.add_known_pitch)
        analysing.generated_pitch_found.connect(view.set_generated_pitch)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to make."""
        return not (self._view.isVisible() and (self._quiet.isActive() or self._request is not None))

    def stop(self) -> None:
        """Ask for no more."""
        self._quiet.stop()
        self._wanted.clear()
        self.worker_thread.quit()

    def _forget(self) -> None:
        self._timeline = None
        self._wanted.clear()
        self._made.clear()
        self._look()

    def _look(self) -> None:
        """See what is to be shown now, and show what there is of it."""
        if not self._view.isVisible():
            return  # it says so when it is seen
        self._trouble = ""
        self._timeline = self._session.timeline
        self._wanted = contents_of(self._timeline) if self._timeline is not None else {}
        found = {index: self._made[content] for index, content in self._wanted.items() if content in self._made}
        self._view.set_blocks(found)
        self._ask()

    def _ask(self) -> None:
        """For the block nearest to the middle of the view that is missing."""
        timeline = self._timeline
        missing = [content for content in self._wanted.values() if content not in self._made]
        if missing and not self._trouble:
            self._view.show_progress(1 - len(missing) / len(self._wanted))
        else:
            self._view.show_progress(1.0, self._trouble)
        if self._request is not None or not missing or self._trouble or timeline is None or not self._view.isVisible():
            return
        middle = self._view.middle_block
        content = min(missing, key=lambda content: abs(content.index + 0.5 - middle))
        self._request = BlockRequest(timeline, content)
        self._requested.emit(self._request)

    def _block_made(self, request: BlockRequest, block: Block) -> None:
        self._request = None
        if self._is_of_source(request):
            content = request.content
            self._made[content] = block
            if self._wanted.get(content.index) == content:
                self._view.set_block(content.index, block)
            self._drop_oldest()
        self._ask()

    def _block_failed(self, request: BlockRequest, message: str) -> None:
        self._request = None
        if self._is_of_source(request):
            self._trouble = message
        self._ask()

    def _is_of_source(self, request: BlockRequest) -> bool:
        """Whether that recording is still the one that is open."""
        return request.timeline.source is self._session.source

    def _drop_oldest(self) -> None:
        shown = set(self._wanted.values())
        others = [content for content in self._made if content not in shown]
        for content in others[: max(0, len(others) - _KEPT)]:
            del self._made[content]
