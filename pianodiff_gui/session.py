"""The state of the window: the open recording, what was generated, the length wanted, and undo over it.

Views read the session and listen to its signals; setters emit only when something changed. Times are in seconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.errors import PianoDiffError
from core.settings import Settings
from pianodiff_gui.jobs import Job, Outcome
from pianodiff_gui.timeline import Take, Timeline

if TYPE_CHECKING:
    from core.audio import Source
    from core.networks.registry import NetworkInfo
    from core.plan import Plan

DEFAULT_TARGET = 2.0  # s, of a freshly opened recording
LONGEST = 3600.0  # s of generated audio
SNAP = 0.1  # s
_TRIM_ID = 1


@dataclass(frozen=True)
class Cost:
    """What the next run will take."""

    plan: Plan
    seconds: float  # of new audio
    run_time: float | None  # s, None where no step has been measured yet


class _Change(QUndoCommand):
    """Any change of the generated audio: from one timeline and target to another."""

    def __init__(
        self, session: Session, text: str, before: Timeline, target: float, after: Timeline, after_target: float
    ) -> None:
        super().__init__(text)
        self._session = session
        self._before, self._before_target = before, target
        self._after, self._after_target = after, after_target

    def redo(self) -> None:
        self._session._show(self._after, self._after_target)

    def undo(self) -> None:
        self._session._show(self._before, self._before_target)


class _Trim(_Change):
    """Trims that follow one another (arrow keys, the spin box) are undone together."""

    def id(self) -> int:
        return _TRIM_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Trim):
            return False
        self._after, self._after_target = other._after, other._after_target
        return True


class Session(QObject):
    """One open recording and everything that happens to it."""

    source_changed = Signal()
    timeline_changed = Signal()  # what is heard and seen: takes, or windows of the running job
    target_changed = Signal(float)
    settings_changed = Signal()
    network_changed = Signal()
    running_changed = Signal()
    job_requested = Signal(object)  # Job, for the worker
    take_added = Signal(object)  # Take
    ended = Signal(object, object)  # Job, Outcome
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._timeline: Timeline | None = None
        self._live: Take | None = None  # complete windows of the running job
        self._target = DEFAULT_TARGET
        self._settings = Settings()
        self._network: NetworkInfo | None = None
        self._awaited = ""
        self._job: Job | None = None

    # What there is

    @property
    def source(self) -> Source | None:
        return self._timeline.source if self._timeline is not None else None

    @property
    def timeline(self) -> Timeline | None:
        """What is heard and seen now. During a run: what the run goes on from, and its complete windows."""
        if self._job is None:
            return self._timeline
        if self._live is None or not self._live.frames:
            return self._job.base
        return self._job.base.with_take(self._live)

    @property
    def generated_seconds(self) -> float:
        timeline = self.timeline
        return timeline.generated_seconds if timeline is not None else 0.0

    @property
    def target(self) -> float:
        """Wanted length of the extension, counted from the end of the original recording."""
        return self._target

    @property
    def remaining(self) -> float:
        """Seconds that Extend would add now; negative while a drag is about to trim."""
        return self._target - self.generated_seconds

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def network(self) -> NetworkInfo | None:
        return self._network

    @property
    def awaited(self) -> str:
        """What the settings will call the network that was chosen and is still being read; "" when there is none."""
        return self._awaited

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def running(self) -> bool:
        return self._job is not None

    @property
    def cancelling(self) -> bool:
        return self._job is not None and self._job.cancelled.is_set()

    # Opening

    def open(self, source: Source, takes: tuple[Take, ...] = ()) -> None:
        """Start afresh with `source` (and recovered `takes`). A running job is cancelled and dropped."""
        if self._job is not None:
            self._job.cancelled.set()
            self._set_job(None)
        self.undo_stack.clear()
        self._timeline = Timeline(source, takes)
        self._target = DEFAULT_TARGET if not takes else self._timeline.generated_seconds
        self.source_changed.emit()
        self.timeline_changed.emit()
        self.target_changed.emit(self._target)

    # Settings

    def set_settings(self, **changes: Any) -> None:
        """Change some settings. Raises SettingsError; nothing has changed then."""
        settings = replace(self._settings, **changes)
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit()

    def set_network(self, network: NetworkInfo | None, name: str) -> None:
        """Use `network`; `name` is what the settings call it (a shipped name, or a path)."""
        changed = network != self._network or bool(self._awaited)
        self._network, self._awaited = network, ""
        self.set_settings(network=name)
        if changed:
            self.network_changed.emit()

    def await_network(self, name: str) -> None:
        """`name` was chosen and is being read: nothing can be run until it is there. "" goes back to what was."""
        if name != self._awaited:
            self._awaited = name
            self.network_changed.emit()

    def new_seed(self) -> int:
        """Draw another seed, never the same one again."""
        seed = self._settings.seed
        while seed == self._settings.seed:
            seed = random.randrange(100_000)
        self.set_settings(seed=seed)
        return seed

    # The length

    def set_target(self, seconds: float, final: bool = True) -> None:
        """Set the length of the extension, snapped to 0.1 s. Shorter than what is generated trims it once `final`."""
        if self._timeline is None:
            return
        lowest = 0.0 if self._job is None else self._job.base.generated_seconds + self._job.seconds
        wanted = min(max(round(seconds / SNAP) * SNAP, lowest), LONGEST)
        wanted = round(wanted, 6)
        generated = self.generated_seconds
        if abs(wanted - generated) < SNAP / 2:
            wanted = generated
        if final and self._job is None and wanted < self._timeline.generated_seconds:
            self._trim(wanted)
        elif wanted != self._target:
            self._target = wanted
            self.target_changed.emit(wanted)

    def _trim(self, seconds: float) -> None:
        assert self._timeline is not None
        before = self._timeline
        after = before.cut(round(seconds * before.sample_rate))
        self.undo_stack.push(_Trim(self, "trim", before, before.generated_seconds, after, after.generated_seconds))

    # Running

    def cost(self) -> Plan | None:
        """The plan of the next run; None when there is nothing to plan. Raises PianoDiffError."""
        if self._timeline is None or self._network is None or self._awaited or self._job is not None:
            return None
        seconds = self.remaining if self.remaining > SNAP / 2 else 0.0
        if seconds <= 0:
            return None
        from core.plan import plan_extension

        return plan_extension(self._network, self._settings, self._timeline.seconds, seconds)

    def _run_blocked(self) -> str:
        """Why nothing can be run now, whatever it is; empty when it can."""
        if self._timeline is None:
            return "Open a recording first."
        if self._job is not None:
            return "An extension is running. Cancel it, or wait until it is done."
        if self._awaited:
            return "The network is still being read."
        if self._network is None:
            return "There is no network to extend with. Choose one under Network."
        return ""

    def extend_blocked(self) -> str:
        """Why Extend cannot be pressed now; empty when it can."""
        if reason := self._run_blocked():
            return reason
        assert self._timeline is not None
        if self.remaining < -SNAP / 2:
            return f"Let go to cut the generated part to {self._target:.1f} s. The recording itself is never cut."
        if self.remaining <= SNAP / 2:
            if self._timeline.generated_frames:
                return "The extension is as long as you asked. Drag the handle further right to go on."
            return "The extension has no length yet. Drag the handle to the right."
        try:
            self.cost()
        except PianoDiffError as error:
            return str(error)
        return ""

    def again_blocked(self) -> str:
        """Why "Try again" cannot be pressed now; empty when it can."""
        if reason := self._run_blocked():
            return reason
        assert self._timeline is not None
        if not self._timeline.takes:
            return "There is nothing to try again yet. Extend first."
        return ""

    def undo_blocked(self) -> bool:
        return self._job is not None

    def extend(self) -> Job | None:
        """Go on from what exists up to the target. None where extend_blocked() says why not."""
        if self.extend_blocked() or self._timeline is None:
            return None
        return self._start(self._timeline, self.remaining, None)

    def try_again(self) -> Job | None:
        """Replace the last take by another: a new seed, from where it began, to the target."""
        if self.again_blocked() or self._timeline is None:
            return None
        self.new_seed()
        replaced = self._timeline
        base = replace(replaced, takes=replaced.takes[:-1])
        return self._start(base, max(self._target, replaced.generated_seconds) - base.generated_seconds, replaced)

    def _start(self, base: Timeline, seconds: float, replaces: Timeline | None) -> Job:
        assert self._network is not None
        job = Job(base, self._settings, self._network, round(seconds, 6), replaces)
        self._target = base.generated_seconds + job.seconds
        self._set_job(job)
        self.target_changed.emit(self._target)
        self.job_requested.emit(job)
        return job

    def cancel(self) -> None:
        """Ask the running job to stop; it does within one step and keeps its complete windows."""
        if self._job is not None and not self._job.cancelled.is_set():
            self._job.cancelled.set()
            self.running_changed.emit()

    def _set_job(self, job: Job | None) -> None:
        self._job = job
        self._live = None
        self.running_changed.emit()
        self.timeline_changed.emit()

    # Results; those of a job that is not the running one are late and dropped

    def on_window_done(self, job_id: int, take: Take) -> None:
        if self._job is not None and self._job.id == job_id:
            self._live = take
            self.timeline_changed.emit()

    def on_finished(self, job_id: int, outcome: Outcome) -> None:
        job = self._job
        if job is None or job.id != job_id:
            return
        before = job.replaces if job.replaces is not None else job.base
        target = self._target
        if outcome.samples.shape[1]:
            take = Take(outcome.samples, job.settings, outcome.run)
            after = job.base.with_take(take)
            lengthened = target > job.base.generated_seconds + job.seconds + SNAP / 2
            wanted = target if lengthened or not outcome.complete else 0.0
            text = "try again" if job.replaces is not None else "extend"
            self._job, self._live = None, None
            self.undo_stack.push(_Change(self, text, before, target, after, max(wanted, after.generated_seconds)))
            self.running_changed.emit()
            self.take_added.emit(take)
        else:
            self._set_job(None)
            self._restore_target(before)
        self.ended.emit(job, outcome)

    def on_failed(self, job_id: int, message: str) -> None:
        job = self._job
        if job is None or job.id != job_id:
            return
        self._set_job(None)
        self._restore_target(job.replaces if job.replaces is not None else job.base)
        self.failed.emit(message)

    def _restore_target(self, timeline: Timeline) -> None:
        if self._target < timeline.generated_seconds:
            self._target = timeline.generated_seconds
            self.target_changed.emit(self._target)

    def _show(self, timeline: Timeline, target: float) -> None:
        """Used by the undo commands only."""
        self._timeline = timeline
        changed = target != self._target
        self._target = target
        self.timeline_changed.emit()
        if changed:
            self.target_changed.emit(target)

    def undo(self) -> None:
        if not self.undo_blocked():
            self.undo_stack.undo()

    def redo(self) -> None:
        if not self.undo_blocked():
            self.undo_stack.redo()
