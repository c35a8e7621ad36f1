"""The strip at the bottom: what will happen, then the network at work on x_t, then what came of it, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from core.errors import PianoDiffError
from core.extension.plan import Plan
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.session.choice import NOISE, options_of
from pianodiff_gui.session.history import History, Moment
from pianodiff_gui.session.jobs import Frame, Job, Outcome
from pianodiff_gui.session.outline import outline
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Gap, Timeline
from pianodiff_gui.views import run_words
from pianodiff_gui.views.curves import Curves
from pianodiff_gui.views.lambda_points import Points
from pianodiff_gui.views.plan_diagram import PlanDiagram
from pianodiff_gui.views.plots import Strip, Swatch
from pianodiff_gui.views.scrub import ScrubBar
from pianodiff_gui.views.state_plot import Height, StatePlot

_DRAW_INTERVAL = 33  # ms
_LEVELS = 200  # of a network that is not known yet
_SIMILARITY = "How alike the new part of x_t and the recording at the same noise are: 1 \u2212 D of Kolmogorov-Smirnov"
_MIXING = "\u03bb: how much of the network's own version the known part of x_t holds; at 0 it is the recording"


@dataclass(frozen=True, eq=False)
class Shown:
    """A state of a past run that is looked at: `signal` (N,) float32 at the network's rate and level.

    base, gap: what that run went on from, and where; known_seconds: how much of the signal was known.
    """

    signal: np.ndarray
    sample_rate: int
    base: Timeline
    gap: Gap | None
    known_seconds: float


class DiffusionView(Strip):
    """Polls the running job's mailbox; between runs it shows the plan of the next one or the result of the last, and
    goes back through its steps.
    """

    frame_shown = Signal(object)  # Frame
    past_changed = Signal()  # there is a run to go back through, or no longer
    shown_changed = Signal()  # another of its states is looked at

    def __init__(self, session: Session, theme: Theme, commands: Actions) -> None:
        super().__init__("Diffusion")
        self._session, self._theme = session, theme
        self._job: Job | None = None
        self._last: Frame | None = None
        self._past_job: Job | None = None
        self._undo_index = 0  # where the undo stack stood when that job ended
        self._summary = ""
        self._height = Height()
        self._curves_of = -1  # the window whose curve is drawn plain
        self._build(commands)
        self._connect()
        self._plan_changed()

    def _build(self, commands: Actions) -> None:
        theme = self._theme
        self.legend.addWidget(Swatch(theme, "accent", "KS similarity", "bar", _SIMILARITY))
        self.lambda_swatch = Swatch(theme, "muted", "\u03bb, share of the network", "bar", _MIXING)
        self.legend.addWidget(self.lambda_swatch)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setFont(font(9.5))
        self.diagram = PlanDiagram(theme)
        plan = QWidget()
        plan_layout = QVBoxLayout(plan)
        plan_layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        plan_layout.setSpacing(2 * GRID)
        plan_layout.addWidget(self.sentence)
        plan_layout.addWidget(self.diagram, 1)
        self.plot = StatePlot(theme)
        self.stack = QStackedWidget()
        self.stack.addWidget(plan)
        self.stack.addWidget(self.plot)
        self.curves = Curves(theme)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, GRID)
        row.setSpacing(0)
        row.addWidget(self.stack, 5)
        row.addWidget(self.curves, 3)
        self.body.addLayout(row, 1)
        self.scrub = ScrubBar(commands["listen"])
        self.scrub.hide()
        self.body.addWidget(self.scrub)

    def _connect(self) -> None:
        session, choice = self._session, self._session.choice
        self.curves.points.moved.connect(self._points_moved)
        self.curves.points.changed.connect(lambda points: choice.set_settings(lambda_schedule=points))
        self.scrub.moved.connect(self.look_back)
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAW_INTERVAL)
        self._timer.timeout.connect(self._poll)
        session.engine.changed.connect(self._running_changed)
        session.ended.connect(self._ended)
        session.source_changed.connect(self._forget)
        for signal in (session.source_changed, choice.settings_changed, choice.network_changed):
            signal.connect(self._plan_changed)
        session.target_changed.connect(self._plan_changed)
        session.timeline_changed.connect(self._plan_changed)
        session.undo_stack.indexChanged.connect(self._undo_index_changed)

    @property
    def last_frame(self) -> Frame | None:
        """The newest picture of the running (or last) job."""
        return self._last

    # Before and after a run

    def _plan_changed(self, _value: object = None) -> None:
        if self._session.engine.running:
            return
        try:
            plan = self._session.plan()
        except PianoDiffError as error:
            self._show_plan(None, str(error))
        else:
            if plan is not None:
                self._show_plan(plan, self._described(plan))
            elif self._last is not None:
                self._show_result()
            else:
                self._show_plan(None, self._session.extend_blocked())
        self._draw_lambda()

    def _described(self, plan: Plan) -> str:
        choice = self._session.choice
        assert choice.network is not None
        led = choice.lead != NOISE
        return run_words.plan_sentences(plan, self._session.goal, choice.network.sample_rate, led)

    def _show_plan(self, plan: Plan | None, text: str) -> None:
        network = self._session.choice.network
        self.title.setText("What will happen" if plan is not None else "Diffusion")
        self.note.setText("")
        self.sentence.setText(text)
        self.diagram.show_plan(plan, network.sample_rate if network is not None else 1)
        self.stack.setCurrentIndex(0)
        self._clear_curves()
        self.curves.hide_mark()

    def _show_result(self) -> None:
        self.title.setText("What happened")
        self.note.setText(self._summary)
        self.stack.setCurrentIndex(1)
        if self.scrub.moment is not None:
            self._draw_moment(self.scrub.moment)

    def _draw_lambda(self) -> None:
        made_with = self._job if self._job is not None else self._session.choice
        settings, network = made_with.settings, made_with.network
        curve = settings.lambda_schedule if "lambda_schedule" in options_of(settings.sampler) else None
        points: Points = () if curve is None or isinstance(curve, str) or self._job is not None else curve
        self.curves.show_lambda(curve, settings.steps, network.levels if network is not None else _LEVELS, points)
        self.lambda_swatch.setVisible(curve is not None)

    def _points_moved(self, points: Points) -> None:
        self.curves.follow_points(points, self._session.choice.settings.steps)

    # During a run

    def _running_changed(self) -> None:
        job = self._session.engine.job
        if job is not None and job is not self._job:
            self._forget()
            self._job, self._height = job, Height()
            self._draw_lambda()
            self.title.setText("Denoising")
            self.note.setText("preparing the network\u2026")
            self.plot.clear_state()
            self.stack.setCurrentIndex(1)
            self._timer.start()
        elif job is None:
            self._poll()
            self._timer.stop()
            self._job = None
            self._plan_changed()

    def _ended(self, job: Job, outcome: Outcome) -> None:
        if self._last is None:
            return
        self._summary = run_words.outcome_line(job, outcome, self._last)
        self._plan_changed()
        self._past_job, self._undo_index = job, self._session.undo_stack.index()
        self.scrub.set_history(outcome.history)
        self.look_back()
        self.past_changed.emit()

    def show_past_run(self, job: Job, pictures: list[Frame], outcome: Outcome) -> None:
        """Show a run that was done elsewhere as if it had been watched here: its last pictures, one a window."""
        self._forget()
        for picture in pictures:
            self._show_frame(picture)
        self._ended(job, outcome)

    def _poll(self) -> None:
        frame = self._job.mailbox.take() if self._job is not None else None
        if frame is not None:
            self._show_frame(frame)

    def _show_frame(self, frame: Frame) -> None:
        if self._last is not None and frame.window != self._last.window:
            self.curves.add_faint(self._last.levels.tolist(), self._last.similarities.tolist())
            self._height.start_over()
        self._last = frame
        self.title.setText(run_words.stage(frame))
        self.note.setText(f"KS similarity {frame.similarities[-1]:.2f}")
        self.plot.show_level(f"t = {frame.level:.0f}")
        self.plot.draw(frame.outline, self._height.follow(frame))
        self.curves.show_similarity(frame.levels.tolist(), frame.similarities.tolist())
        self.frame_shown.emit(frame)

    def _draw_curves(self, shown: int) -> None:
        """The similarity at the kept steps of every window: that of the window `shown` plain, the others faint."""
        self._clear_curves()
        for window, moments in groupby(self.scrub.history.moments, lambda moment: moment.window):
            steps = list(moments)
            draw = self.curves.show_similarity if window == shown else self.curves.add_faint
            draw([step.level for step in steps], [step.similarity for step in steps])
        self._curves_of = shown

    def _clear_curves(self) -> None:
        self.curves.clear_similarity()
        self._curves_of = -1

    # Back through a run

    def look_back_blocked(self) -> str:
        """Why there are no steps to go back through; empty when there are."""
        if self._session.engine.running:
            return "The steps can be gone through when the extension is done."
        return "" if self.scrub.moment is not None else "Extend first. Its steps can be gone through then."

    def look_back(self) -> None:
        """Show the step where the scrub bar stands, in place of a plan."""
        if self.scrub.moment is not None:
            self._show_result()
            self.shown_changed.emit()

    def shown(self) -> Shown | None:
        """The state where the scrub bar stands; None when there is no run to go back through."""
        moment, job = self.scrub.moment, self._past_job
        if moment is None or job is None:
            return None
        signal = (moment.clean if self.scrub.shows_clean else moment.x).unpacked()
        rate = job.network.sample_rate
        return Shown(signal, rate, job.base, job.gap, (moment.known_frames + moment.after_frames) / rate)

    def set_playhead(self, seconds: float | None) -> None:
        """Where in the shown state it plays, in seconds from its start; None when it does not."""
        moment, shown = self.scrub.moment, seconds is not None
        self.plot.playhead.setVisible(shown)
        if seconds is not None and moment is not None and self._past_job is not None:
            self.plot.playhead.setValue(seconds - moment.known_frames / self._past_job.network.sample_rate)

    def _draw_moment(self, moment: Moment) -> None:
        shown = self.shown()
        assert shown is not None
        self.plot.draw(outline(shown.signal, moment.known_frames, moment.after_frames, shown.sample_rate))
        self.plot.show_level(f"t = {moment.level:.0f}")
        if self._curves_of != moment.window:
            self._draw_curves(moment.window)
        self.curves.mark(moment.level, moment.similarity)

    def _undo_index_changed(self, index: int) -> None:
        if self._past_job is not None and index < self._undo_index:
            self._forget()  # what the run added has been taken away
            self._plan_changed()

    def _forget(self) -> None:
        """Let go of the last run: its pictures, and the memory that its states take."""
        self._last, self._past_job, self._summary = None, None, ""
        self._clear_curves()
        self.curves.hide_mark()
        self.scrub.set_history(History())
        self.past_changed.emit()
