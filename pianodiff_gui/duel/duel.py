"""A duel: two to four samplers make the same stretch from the same x_T and noises, one after the other, on one worker.

While it is open the session is occupied: nothing else runs and nothing is changed. What the contenders made lies in
memory only, until it is kept as a take or let go of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.diffusion.samplers import SOLVERS
from core.errors import PianoDiffError
from core.extension.plan import Plan
from core.extension.settings import Settings
from core.study.methods import method_of
from pianodiff_gui.look.wording import sampler_title
from pianodiff_gui.session.choice import options_of
from pianodiff_gui.session.engine import Occupation
from pianodiff_gui.session.history import BUDGET
from pianodiff_gui.session.jobs import Frame, Job, Outcome
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Stretch, Timeline

FEWEST, MOST = 2, 4
_POLL = 33  # ms between looks for a new picture
_RUNNING = "A duel is running. Cancel it, or wait until it is done."
_OPEN = "A duel is open. Keep a take of it, or close it."
_OTHER_NOISE = "It did not start from the same noise as the others, so it can't be compared with them."

Speeds = Callable[[Settings, bool], float | None]
"""Seconds of an evaluation with such settings (True: with its gradient), where they were measured before."""


class Phase(Enum):
    """How far a contender is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False)
class Contender:
    """One sampler in a duel, and what came of it.

    number      1 for the first lane
    colour      number of the take whose colour it has
    pictures    the newest picture of each window, in order
    stretch     what is complete so far
    timeline    the base with all of it, once it is done
    """

    number: int
    colour: int
    job: Job
    plan: Plan
    phase: Phase = Phase.WAITING
    pictures: dict[int, Frame] = field(default_factory=dict)
    stretch: Stretch | None = None
    timeline: Timeline | None = None
    outcome: Outcome | None = None
    error: str = ""

    @property
    def settings(self) -> Settings:
        return self.job.settings

    @property
    def frame(self) -> Frame | None:
        """The newest picture."""
        return next(reversed(self.pictures.values()), None)

    @property
    def evaluations(self) -> int:
        """Done so far."""
        if self.outcome is not None:
            return self.outcome.evaluations
        return self.frame.evaluations if self.frame is not None else 0

    @property
    def differentiated(self) -> bool:
        return self.plan.gradients > 0

    @property
    def similarity(self) -> float | None:
        """KS similarity of the last step so far."""
        return float(self.frame.similarities[-1]) if self.frame is not None else None

    @property
    def take_name(self) -> str:
        """As a comparison on the command line names the method; of an own sampler the file's name only."""
        return Path(method_of(self.settings)).name


def title_of(settings: Settings) -> str:
    """A contender in words: "Replacement, DPM++ 2M SDE, 50 steps"."""
    solver = SOLVERS[settings.solver] if "solver" in options_of(settings.sampler) else ""
    return ", ".join(part for part in (sampler_title(settings.sampler), solver, f"{settings.steps} steps") if part)


def refusal(contenders: Sequence[Settings]) -> str:
    """Why these can't be compared; empty when they can."""
    if not FEWEST <= len(contenders) <= MOST:
        return f"A duel takes {FEWEST} to {MOST} samplers."
    seen: dict[str, int] = {}
    for number, settings in enumerate(contenders, 1):
        try:
            first = seen.setdefault(method_of(settings), number)
        except PianoDiffError as error:
            return str(error)
        if first != number:
            return f"{first} and {number} are the same, so they would make the same. Change one of them."
    return ""


class Duel(QObject):
    """Runs the contenders through the worker and keeps what they make."""

    changed = Signal()  # it opened or closed, or a contender is in another phase
    advanced = Signal(object)  # Contender with a new picture or another complete window
    finished = Signal(object)  # Contender that is done
    heard_changed = Signal()
    job_requested = Signal(object)  # Job, for the worker

    def __init__(self, session: Session, speeds: Speeds, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._speeds = session, speeds
        self.contenders: tuple[Contender, ...] = ()
        self.heard: Contender | None = None
        self.x_T = ""  # hash of the noise that all of them start from, once one is done
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._poll)
        session.engine.cancel_requested.connect(self.cancel)
        session.source_changed.connect(self.close)

    # What there is

    @property
    def open(self) -> bool:
        return bool(self.contenders)

    @property
    def running(self) -> bool:
        return any(contender.phase in (Phase.WAITING, Phase.RUNNING) for contender in self.contenders)

    @property
    def current(self) -> Contender | None:
        """The one that runs now."""
        return next((contender for contender in self.contenders if contender.phase is Phase.RUNNING), None)

    @property
    def done(self) -> tuple[Contender, ...]:
        return tuple(contender for contender in self.contenders if contender.phase is Phase.DONE)

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """What those that are done have made."""
        return tuple(contender.timeline for contender in self.contenders if contender.timeline is not None)

    @property
    def share(self) -> float:
        """How much of all that is to be done is done, 0 to 1."""
        counted = [c for c in self.contenders if c.phase not in (Phase.FAILED, Phase.CANCELLED)]
        total = sum(contender.plan.evaluations for contender in counted)
        return min(1.0, sum(contender.evaluations for contender in counted) / total) if total else 1.0

    def remaining(self) -> float | None:
        """Seconds until the last one is done; None while there is nothing to tell them by."""
        total = 0.0
        for contender in self.contenders:
            if contender.phase not in (Phase.WAITING, Phase.RUNNING):
                continue
            frame = contender.frame
            if frame is not None and frame.remaining is not None:
                total += frame.remaining
            else:
                speed = self._speed(contender)
                if speed is None:
                    return None
                total += speed * (contender.plan.evaluations - contender.evaluations)
        return total

    def _speed(self, wanted: Contender) -> float | None:
        """Seconds an evaluation, as measured in this duel, else before it."""
        for other in reversed(self.contenders):
            if other.differentiated == wanted.differentiated:
                if other.outcome is not None and other.outcome.step_seconds is not None:
                    return other.outcome.step_seconds
                frame = other.frame
                if frame is not None and frame.remaining is not None and frame.evaluations < frame.evaluations_total:
                    return frame.remaining / (frame.evaluations_total - frame.evaluations)
        return self._speeds(wanted.settings, wanted.differentiated)

    # Running

    def start(self, contenders: Sequence[Settings]) -> bool:
        """Let them make what the session asks for. False, and nothing happens, where it or `refusal` says why not."""
        session, goal = self._session, self._session.goal
        base, network = session.timeline, session.choice.network
        if session.extend_blocked(led=False) or refusal(contenders) or base is None or network is None:
            return False
        latest = session.takes.latest
        made = []
        for number, settings in enumerate(contenders, 1):
            try:
                plan = session.plan(settings)
            except PianoDiffError:
                return False
            assert plan is not None
            job = Job(
                base,
                settings,
                network,
                round(goal.seconds, 6),
                goal.gap,
                history_budget=BUDGET // len(contenders),
            )
            made.append(Contender(number, latest + number, job, plan))
        self.contenders, self.heard, self.x_T = tuple(made), None, ""
        self._timer.start()
        self._next()
        return True

    def _next(self) -> None:
        """Start the first that waits, if none runs."""
        waiting = next((contender for contender in self.contenders if contender.phase is Phase.WAITING), None)
        if waiting is not None:
            waiting.phase = Phase.RUNNING
        else:
            self._timer.stop()
        self._occupy()
        self.changed.emit()
        if waiting is not None:
            self.job_requested.emit(waiting.job)

    def _occupy(self) -> None:
        current = self.current
        cancelling = current is not None and current.job.cancelled.is_set()
        self._session.engine.occupy(Occupation(_RUNNING if self.running else _OPEN, self.running, cancelling))

    def cancel(self) -> None:
        """Stop the running contender within one step, and let the others not begin. What is done stays."""
        for contender in self.contenders:
            if contender.phase is Phase.WAITING:
                contender.phase = Phase.CANCELLED
            elif contender.phase is Phase.RUNNING:
                contender.job.cancelled.set()
        if self.running:
            self._occupy()
            self.changed.emit()

    def _poll(self) -> None:
        current = self.current
        frame = current.job.mailbox.take() if current is not None else None
        if current is not None and frame is not None:
            current.pictures[frame.window] = frame
            self.advanced.emit(current)

    # Results; those of jobs that are not in the duel are somebody else's, or late

    def on_window_done(self, job_id: int, stretch: Stretch) -> None:
        contender = self._with_job(job_id)
        if contender is not None:
            self._poll()
            contender.stretch = stretch
            self.advanced.emit(contender)

    def on_finished(self, job_id: int, outcome: Outcome) -> None:
        contender = self._with_job(job_id)
        if contender is None:
            return
        self._poll()
        contender.outcome = outcome
        x_T = str(outcome.run.get("x_T_sha256", ""))
        if not outcome.complete:
            contender.stretch = None  # a part of it can't be compared with the whole of the others
            contender.phase = Phase.FAILED if outcome.error else Phase.CANCELLED
            contender.error = outcome.error
        elif self.x_T and x_T != self.x_T:
            contender.stretch = None
            contender.phase, contender.error = Phase.FAILED, _OTHER_NOISE
        else:
            self.x_T = x_T
            job = contender.job
            contender.stretch = Stretch(outcome.samples, job.settings, outcome.run, job.gap, outcome.trace)
            contender.timeline = job.base.with_stretch(contender.stretch)
            contender.phase = Phase.DONE
            self.finished.emit(contender)
        self._next()

    def on_failed(self, job_id: int, message: str) -> None:
        contender = self._with_job(job_id)
        if contender is not None:
            contender.phase, contender.error = Phase.FAILED, message
            contender.stretch = None
            self._next()

    def _with_job(self, job_id: int) -> Contender | None:
        return next((contender for contender in self.contenders if contender.job.id == job_id), None)

    # Listening and deciding

    def hear(self, contender: Contender) -> None:
        """Let its audio be what is played."""
        if contender.timeline is not None and contender is not self.heard:
            self.heard = contender
            self.heard_changed.emit()

    def keep(self, winner: Contender) -> None:
        """Make it the take that is shown, let go of the others, and close."""
        self._keep((winner,), 0)

    def keep_all(self) -> None:
        """Make a take of each that is done, the one that was heard last shown, and close."""
        done = self.done
        self._keep(done, done.index(self.heard) if self.heard in done else 0)

    def _keep(self, winners: Sequence[Contender], shown: int) -> None:
        made = [(winner.take_name, winner.timeline) for winner in winners if winner.timeline is not None]
        if made and not self.running:
            self.close()
            self._session.add_takes(made, shown, "duel")

    def close(self) -> None:
        """Let go of everything; what still runs is cancelled and dropped."""
        if not self.contenders:
            return
        for contender in self.contenders:
            contender.job.cancelled.set()
        self._timer.stop()
        self.contenders, self.heard = (), None
        self._session.engine.occupy(None)
        self.changed.emit()
        self.heard_changed.emit()
