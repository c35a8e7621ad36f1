"""What the engine is at, as far as the session goes: a job of its own, or what else occupies it, such as a duel."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.timeline import Stretch, Timeline

_RUNNING = "An extension is running. Cancel it, or wait until it is done."


@dataclass(frozen=True)
class Occupation:
    """Why the session can't be changed now although no run of its own is under way, such as a duel.

    running: the engine is at work on it; cancelling: it was asked to stop; stage: what it does, in a word.
    """

    reason: str
    running: bool
    cancelling: bool = False
    stage: str = ""


class Engine(QObject):
    """The running job and what is complete of it. What the worker says about any other job is late and dropped."""

    changed = Signal()  # something began, is asked to stop, or is over
    stage_changed = Signal(str)  # what is done before the first step, in a word; "" when that is over
    job_requested = Signal(object)  # Job, for the worker
    cancel_requested = Signal()  # of what occupies the session
    advanced = Signal()  # another window of the job is complete
    finished = Signal(object, object)  # Job, Outcome; the job is the running one until it is let go of
    failed = Signal(object, str)  # Job, and why in plain words

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._live: Stretch | None = None
        self._occupation: Occupation | None = None
        self._stage = ""

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def live(self) -> Stretch | None:
        """The complete windows of the running job; None before the first."""
        return self._live if self._live is not None and self._live.frames else None

    @property
    def timeline(self) -> Timeline | None:
        """What the running job goes on from, with its complete windows; None when there is no job."""
        if self._job is None or self.live is None:
            return self._job.base if self._job is not None else None
        return self._job.base.with_stretch(self.live)

    @property
    def running(self) -> bool:
        """Whether the engine is at work, on a job of the session or on what occupies it."""
        return self._job is not None or (self._occupation is not None and self._occupation.running)

    @property
    def cancelling(self) -> bool:
        if self._occupation is not None:
            return self._occupation.cancelling
        return self._job is not None and self._job.cancelled.is_set()

    @property
    def occupied(self) -> str:
        """Why nothing can be changed although no job runs; empty when nothing occupies the session."""
        return self._occupation.reason if self._occupation is not None else ""

    @property
    def busy(self) -> str:
        """Why the takes can't be changed now; empty when they can."""
        return _RUNNING if self._job is not None else self.occupied

    @property
    def stage(self) -> str:
        """What is done before the first step; "" once steps are taken."""
        return self._occupation.stage if self._occupation is not None else self._stage

    def occupy(self, occupation: Occupation | None) -> None:
        """Let nothing be changed until it is called with None: no run, no trim, no undo, no other take."""
        if occupation != self._occupation:
            self._occupation = occupation
            self.changed.emit()

    def cancel(self) -> None:
        """Ask the running job to stop; it does within one step and keeps its complete windows."""
        if self._occupation is not None:
            self.cancel_requested.emit()
        elif self._job is not None and not self._job.cancelled.is_set():
            self._job.cancelled.set()
            self.changed.emit()

    def take_on(self, job: Job) -> None:
        """From now on `job` is the running one; the worker hears of it by `job_requested`."""
        self._job, self._live, self._stage = job, None, ""
        self.changed.emit()

    def let_go(self) -> None:
        """There is no running job any more. Whoever calls it emits `changed`, once it has put everything in order."""
        self._job, self._live = None, None

    # What the worker says

    def on_stage(self, job_id: int, stage: str) -> None:
        if self._job is not None and self._job.id == job_id and stage != self._stage:
            self._stage = stage
            self.stage_changed.emit(stage)

    def on_window_done(self, job_id: int, stretch: Stretch) -> None:
        if self._job is not None and self._job.id == job_id:
            self._live = stretch
            self.advanced.emit()

    def on_finished(self, job_id: int, outcome: Outcome) -> None:
        if self._job is not None and self._job.id == job_id:
            self.finished.emit(self._job, outcome)

    def on_failed(self, job_id: int, message: str) -> None:
        if self._job is not None and self._job.id == job_id:
            self.failed.emit(self._job, message)
