"""Running the engine: a job goes to its thread, and what it ends in is said."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QApplication

from core.extension.settings import Settings
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.views.controls import Controls
from pianodiff_gui.work.threads import WorkerThread
from pianodiff_gui.work.worker import EngineMaker, ExtensionWorker


class Running(QObject):
    """Between the session and the thread that runs the network."""

    device_changed = Signal()  # where the network runs, or would
    _warm_up_requested = Signal()

    def __init__(
        self,
        session: Session,
        controls: Controls,
        preferences: Preferences,
        conversation: Conversation,
        actions: Actions,
        make_engine: EngineMaker | None = None,
    ) -> None:
        super().__init__(conversation)
        self._session, self._controls, self._preferences = session, controls, preferences
        self._conversation = conversation
        self._used_device = ""
        self._torch_loaded = False
        self.worker = ExtensionWorker(make_engine)
        self.worker_thread = WorkerThread(self.worker, "engine", self)
        self._warm_up_requested.connect(self.worker.warm_up)
        self.worker.ready.connect(self._torch_ready)
        self.worker.stage.connect(session.engine.on_stage)
        self.worker.started.connect(self._job_started)
        self.worker.window_done.connect(session.engine.on_window_done)
        self.worker.finished.connect(session.engine.on_finished)
        self.worker.failed.connect(session.engine.on_failed)
        session.engine.job_requested.connect(self.worker.run)
        session.ended.connect(self._ended)
        session.failed.connect(self._failed)
        session.engine.changed.connect(self.device_changed)
        session.choice.network_changed.connect(self.device_changed)
        session.source_changed.connect(self.device_changed)
        actions.on("dice", session.choice.new_seed)

    def warm_up(self) -> None:
        """Load torch in the worker, now that the window is there."""
        self._warm_up_requested.emit()

    @property
    def device(self) -> str:
        """Where the last job ran, or the next would; "" as long as torch is not loaded."""
        return (self._used_device or self._controls.device_in_use()) if self._torch_loaded else ""

    def step_seconds(self, settings: Settings, differentiated: bool) -> float | None:
        """Of one evaluation, by the runs so far."""
        device, led = self._controls.device_in_use(), settings.start < 1
        return self._preferences.step_seconds(settings.network, device, differentiated, led)

    def remember_speed(self, job: Job, outcome: Outcome) -> None:
        """Take note of what an evaluation took, for the cost of the next run."""
        if outcome.step_seconds is not None:
            self._preferences.add_step_seconds(
                job.settings.network,
                outcome.device,
                outcome.step_seconds,
                outcome.differentiated,
                job.settings.start < 1,
            )

    def _torch_ready(self, devices: list[str]) -> None:
        self._torch_loaded = True
        self._controls.set_devices(devices)
        if not devices:
            self._conversation.tell(
                "PyTorch could not be loaded, so nothing can be extended. Please install PianoDiff again."
            )
        self.device_changed.emit()

    def _job_started(self, job_id: int, device: str) -> None:
        job = self._session.engine.job
        if job is not None and job.id == job_id:
            self._used_device = device
            self.device_changed.emit()
            self._conversation.say(f"Extending by {wording.seconds(job.seconds)}\u2026")

    def _ended(self, job: Job, outcome: Outcome) -> None:
        self.remember_speed(job, outcome)
        added = wording.seconds(outcome.samples.shape[1] / job.base.sample_rate)
        if outcome.error:
            kept = f" The first {added} are kept." if outcome.samples.shape[1] else ""
            self._conversation.tell(outcome.error + kept)
        elif outcome.complete:
            how = "Added" if job.gap in (None, BEFORE) else "Filled"
            self._conversation.say(f"{how} {added} in {wording.duration(outcome.elapsed)}")
        elif outcome.samples.shape[1]:
            self._conversation.say(f"Cancelled; {added} were complete and are kept")
        else:
            self._conversation.say("Cancelled; no window was complete yet")
        self._controls.refresh_cost()

    def _failed(self, message: str) -> None:
        self._conversation.say("")
        self._conversation.tell(message)


def take_over_typing() -> None:
    """A number that was typed but not confirmed counts for what is started now."""
    field = QApplication.focusWidget()
    if isinstance(field, QAbstractSpinBox):
        field.interpretText()
