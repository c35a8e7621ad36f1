"""The strip at the bottom: what will happen, then the network at work on x_t, then what came of it, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from core.diffusion.lambdas import lambda_curve
from core.diffusion.own_sampler import find_sampler
from core.errors import PianoDiffError
from core.extension.plan import Plan, Window
from core.extension.settings import Settings
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import AXIS_WIDTH, GRID, Theme, font
from pianodiff_gui.session.history import History, Moment
from pianodiff_gui.session.jobs import Frame, Job, Outcome
from pianodiff_gui.session.outline import Outline, outline
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE, Gap, Timeline, is_within
from pianodiff_gui.views.lambda_points import LambdaPoints, Points
from pianodiff_gui.views.plots import EnvelopeItem, FixedAxis, OffsetAxis, Plot, Strip, Swatch, line_pen
from pianodiff_gui.views.scrub import ScrubBar

_DRAW_INTERVAL = 33  # ms
_ROWS = 5
_LEAST_ROW = 18  # px, or its numbers would be cut off
_AIR = 1.1  # height of the picture of x_t over its largest sample
_SETTLE = 0.4  # s in which that height follows


class PlanDiagram(QWidget):
    """The windows of the next run as rows: what each hears and what it writes (the paper's Fig. 1)."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._plan: Plan | None = None
        self._rate = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def show_plan(self, plan: Plan | None, sample_rate: int) -> None:
        self._plan, self._rate = plan, sample_rate
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._plan is None:
            return
        windows = self._plan.windows
        slots = max(1, min(_ROWS + 1, int(self.height() // _LEAST_ROW)))
        rows = len(windows) if len(windows) <= min(_ROWS, slots) else max(1, min(_ROWS, slots - 1))
        more = len(windows) - rows
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(8.5, tabular=True))
        metrics = QFontMetricsF(painter.font())
        slots = rows + (1 if more else 0)
        pitch = min(34.0, self.height() / max(1, slots))
        bar = max(4.0, pitch - 8)
        label = metrics.horizontalAdvance("00 s") + 2 * GRID
        width = self.width() - 2 * label
        shown = windows[:rows]
        begins = new_parts(shown)
        left = min(begin - window.context_frames for begin, window in zip(begins, shown, strict=True))
        ends = [begin + window.new_frames + window.after_frames for begin, window in zip(begins, shown, strict=True)]
        scale = width / max(1, max(ends) - left)
        muted = self._theme.colour("muted")
        for index, (begin, window) in enumerate(zip(begins, shown, strict=True)):
            y = index * pitch
            first, stop = begin - window.context_frames, begin + window.new_frames
            edges = (first, begin, stop, stop + window.after_frames)
            first_x, seam, end, last = (label + (edge - left) * scale for edge in edges)
            painter.setPen(muted)
            painter.drawText(
                QRectF(first_x - label, y, label - GRID, bar),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                str(index + 1),
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("ink", 0.28))
            for low, high in ((first_x, seam - 1), (end + 1, last)):
                if high > low:
                    painter.drawRoundedRect(QRectF(low, y, high - low, bar), 3, 3)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(QRectF(seam, y, max(2.0, end - seam), bar), 3, 3)
            painter.setPen(muted)
            painter.drawText(
                QRectF(last + GRID, y, label, bar),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                f"{window.new_frames / self._rate:.1f} s",
            )
        if more:
            painter.drawText(
                QRectF(label, rows * pitch, width, bar),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                f"\u2026 and {wording.count(more, 'more window')} like these",
            )
        painter.end()


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


def new_parts(windows: Sequence[Window]) -> list[int]:
    """Where each window's new part begins, in frames from where the first one's does. A prelude grows to the left."""
    lengths = [window.new_frames for window in windows]
    if windows[0].after_frames and not windows[0].context_frames:
        return [lengths[0] - sum(lengths[: k + 1]) for k in range(len(lengths))]
    return [sum(lengths[:k]) for k in range(len(lengths))]


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
        self._peak = 0.0
        self._drawn = 0.0  # s into the run, of the last picture
        similarity = (
            "How alike the new part of x_t and the recording at the same noise are: 1 \u2212 D of Kolmogorov-Smirnov"
        )
        mixing = "\u03bb: how much of the network's own version the known part of x_t holds; at 0 it is the recording"
        self.legend.addWidget(Swatch(theme, "accent", "KS similarity", "bar", similarity))
        self.lambda_swatch = Swatch(theme, "muted", "\u03bb, share of the network", "bar", mixing)
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

        self.plot = Plot(theme, left=FixedAxis("left", [(0.0, "0")]), bottom=OffsetAxis("bottom"))
        self.plot.plotItem.vb.setMouseEnabled(False, False)
        self.zero = pg.InfiniteLine(pos=0, angle=0)
        self.boundary, self.far_boundary = pg.InfiniteLine(pos=0), pg.InfiniteLine()
        self.playhead = pg.InfiniteLine(pos=0)
        self.playhead.hide()
        self.known_item, self.new_item, self.after_item = EnvelopeItem(), EnvelopeItem(), EnvelopeItem()
        lines = (self.boundary, self.far_boundary, self.playhead)
        for item in (self.zero, self.known_item, self.new_item, self.after_item, *lines):
            self.plot.addItem(item, ignoreBounds=True)
        self.level = QLabel(self.plot)
        self.level.setFont(font(13, font().Weight.DemiBold, tabular=True))
        self.level.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.level.move(AXIS_WIDTH + GRID, 0)

        self.stack = QStackedWidget()
        self.stack.addWidget(plan)
        self.stack.addWidget(self.plot)

        self.curves = Plot(
            theme,
            left=FixedAxis("left", [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]),
            bottom=pg.AxisItem("bottom"),
        )
        vb = self.curves.plotItem.vb
        vb.setMouseEnabled(False, False)
        vb.invertX(True)
        vb.setYRange(-0.03, 1.06, padding=0)
        self.grid = [pg.InfiniteLine(pos=y, angle=0) for y in (0.0, 0.5, 1.0)]
        self.lambda_item = pg.PlotCurveItem(antialias=True)
        self.past_items: list[pg.PlotCurveItem] = []
        self._curves_of = -1  # the window whose curve is drawn plain
        self.similarity_item = pg.PlotCurveItem(antialias=True)
        self.marker = pg.InfiniteLine(pos=0)
        self.marker_dot = pg.ScatterPlotItem(size=9)
        for item in (*self.grid, self.lambda_item, self.similarity_item, self.marker, self.marker_dot):
            self.curves.addItem(item, ignoreBounds=True)
        self.curves.setMinimumWidth(240)
        self.points = LambdaPoints(self.curves, theme)
        self.points.moved.connect(self._show_drawn)
        self.points.changed.connect(lambda points: session.choice.set_settings(lambda_schedule=points))

        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, GRID)
        row.setSpacing(0)
        row.addWidget(self.stack, 5)
        row.addWidget(self.curves, 3)
        self.body.addLayout(row, 1)
        self.scrub = ScrubBar(commands["listen"])
        self.scrub.moved.connect(self.look_back)
        self.scrub.hide()
        self.body.addWidget(self.scrub)

        self._timer = QTimer(self)
        self._timer.setInterval(_DRAW_INTERVAL)
        self._timer.timeout.connect(self._poll)
        session.engine.changed.connect(self._running_changed)
        session.ended.connect(self._ended)
        session.source_changed.connect(self._forget)
        for signal in (session.source_changed, session.choice.settings_changed, session.choice.network_changed):
            signal.connect(self._plan_changed)
        session.target_changed.connect(self._plan_changed)
        session.timeline_changed.connect(self._plan_changed)
        session.undo_stack.indexChanged.connect(self._undo_index_changed)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._plan_changed()

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
                self._show_plan(plan, self._describe(plan))
            elif self._last is not None:
                self._show_result()
            else:
                self._show_plan(None, self._session.extend_blocked())
        self._draw_lambda()

    def _describe(self, plan: Plan) -> str:
        network = self._session.choice.network
        assert network is not None
        first = plan.windows[0]
        context = first.context_frames / network.sample_rate
        new = first.new_frames / network.sample_rate
        behind = max(window.after_frames for window in plan.windows) / network.sample_rate
        goal = self._session.goal
        text = (
            f"From noise to {wording.seconds(goal.seconds)} of piano in {wording.count(len(plan.windows), 'window')}. "
        )
        if goal.gap is None:
            text += f"The network hears the last {wording.seconds(context)} and writes {wording.seconds(new)}"
            return text + (
                ", then slides on and hears what it wrote."
                if len(plan.windows) > 1
                else "; everything before stays as it is."
            )
        if goal.gap == BEFORE:
            text += f"The network hears the first {wording.seconds(behind)}, writes {wording.seconds(new)} before them"
            return text + (
                ", then slides to the left and hears what it wrote."
                if len(plan.windows) > 1
                else "; everything behind stays as it is."
            )
        return text + (
            f"The network hears {wording.seconds(context)} before and {wording.seconds(behind)} behind; everything "
            "around it stays as it is."
        )

    def _show_plan(self, plan: Plan | None, text: str) -> None:
        network = self._session.choice.network
        self.title.setText("What will happen" if plan is not None else "Diffusion")
        self.note.setText("")
        self.sentence.setText(text)
        self.diagram.show_plan(plan, network.sample_rate if network is not None else 1)
        self.stack.setCurrentIndex(0)
        self._clear_curves()
        self._hide_marker()

    def _show_result(self) -> None:
        self.title.setText("What happened")
        self.note.setText(self._summary)
        self.stack.setCurrentIndex(1)
        if self.scrub.moment is not None:
            self._draw_moment(self.scrub.moment)

    def _draw_lambda(self) -> None:
        settings = self._job.settings if self._job is not None else self._session.choice.settings
        network = self._job.network if self._job is not None else self._session.choice.network
        top = network.levels if network is not None else 200
        vb = self.curves.plotItem.vb
        vb.setXRange(0, top, padding=0.04)
        ticks = [(float(t), str(t) if t < top else f"t = {t}") for t in np.linspace(0, top, 5).round().astype(int)]
        self.curves.axis("bottom").setTicks([ticks])
        drawn: Points = ()
        if _mixes(settings):
            values = lambda_curve(settings.lambda_schedule, settings.steps)
            self.lambda_item.setData(np.linspace(top - 1, 0, len(values)), values)
            if not isinstance(settings.lambda_schedule, str) and self._job is None:
                drawn = settings.lambda_schedule
        else:
            self.lambda_item.setData([], [])
        self.lambda_swatch.setVisible(_mixes(settings))
        self.points.show(drawn, top)

    def _show_drawn(self, points: Points) -> None:
        """The curve follows while a point is dragged."""
        values = lambda_curve(points, self._session.choice.settings.steps)
        self.lambda_item.setData(np.linspace(self.points.top - 1, 0, len(values)), values)

    # During a run

    def _running_changed(self) -> None:
        job = self._session.engine.job
        if job is not None and job is not self._job:
            self._forget()
            self._job, self._peak = job, 0.0
            self._draw_lambda()
            self.title.setText("Denoising")
            self.note.setText("preparing the network\u2026")
            self.level.setText("")
            for item in (self.known_item, self.new_item, self.after_item):
                item.set_data(np.zeros(0), np.zeros(0), np.zeros(0))
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
        done = outcome.samples.shape[1] / job.base.sample_rate
        how = "Filled" if is_within(job.gap) else "Added"
        if not outcome.complete:
            how = "Stopped; kept" if done else "Stopped"
        parts = [f"{how} {wording.seconds(done)}" if done else how]
        parts.append(wording.count(outcome.evaluations, "evaluation"))
        parts.append(wording.duration(outcome.elapsed))
        if outcome.complete:
            parts.append(f"KS similarity {self._last.similarities[-1]:.2f} at the end")
        if outcome.history.gave_up:
            parts.append(outcome.history.describe())
        self._summary = "  \u00b7  ".join(parts)
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
            self._add_faint_curve(*by_level(self._last.levels.tolist(), self._last.similarities.tolist()))
            self._peak = 0.0
        self._last = frame
        self.title.setText(
            "Denoising" if frame.windows == 1 else f"Denoising window {frame.window + 1} of {frame.windows}"
        )
        self.note.setText(f"KS similarity {frame.similarities[-1]:.2f}")
        self._show_level(f"t = {frame.level:.0f}")
        # The height follows the noise down, so that the music in it fills the plot at every level.
        goal = max(frame.outline.peak, 1e-6)
        gone = frame.elapsed - self._drawn
        self._drawn = frame.elapsed
        follow = 1.0 if self._peak == 0.0 or frame.level <= 0 else 1.0 - math.exp(-gone / _SETTLE)
        self._peak += follow * (goal - self._peak)
        self._draw_outline(frame.outline, max(goal, self._peak))
        self.similarity_item.setData(*by_level(frame.levels.tolist(), frame.similarities.tolist()))
        self.frame_shown.emit(frame)

    def _draw_outline(self, drawing: Outline, peak: float) -> None:
        """The picture of a signal, `peak` high."""
        parts = (drawing.before, drawing.new, drawing.after)
        for item, part in zip((self.known_item, self.new_item, self.after_item), parts, strict=True):
            item.set_data(part.seconds, part.low, part.high)
        ends = [part.seconds[[0, -1]] for part in parts if len(part.seconds)]
        box = self.plot.plotItem.vb
        if ends:
            box.setXRange(float(np.min(ends)), float(np.max(ends)), padding=0)
        box.setYRange(-_AIR * peak, _AIR * peak, padding=0)
        self.boundary.setVisible(len(drawing.before.seconds) > 0)
        behind = drawing.after.seconds
        self.far_boundary.setVisible(len(behind) > 0)
        if len(behind):
            self.far_boundary.setValue(float(behind[0]))

    def _add_faint_curve(self, levels: np.ndarray, similarities: np.ndarray) -> None:
        item = pg.PlotCurveItem(levels, similarities, antialias=True)
        item.setPen(line_pen(self._theme, "accent", alpha=0.28))
        self.past_items.append(item)
        self.curves.addItem(item, ignoreBounds=True)

    def _draw_curves(self, shown: int) -> None:
        """The similarity at the kept steps of every window: that of the window `shown` plain, the others faint."""
        self._clear_curves()
        for window, moments in groupby(self.scrub.history.moments, lambda moment: moment.window):
            steps = list(moments)
            curve = by_level([step.level for step in steps], [step.similarity for step in steps])
            if window == shown:
                self.similarity_item.setData(*curve)
            else:
                self._add_faint_curve(*curve)
        self._curves_of = shown

    def _clear_curves(self) -> None:
        for item in self.past_items:
            self.curves.removeItem(item)
        self.past_items = []
        self.similarity_item.setData([], [])
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
        self.playhead.setVisible(shown)
        if seconds is not None and moment is not None and self._past_job is not None:
            self.playhead.setValue(seconds - moment.known_frames / self._past_job.network.sample_rate)

    def _draw_moment(self, moment: Moment) -> None:
        shown = self.shown()
        assert shown is not None
        drawing = outline(shown.signal, moment.known_frames, moment.after_frames, shown.sample_rate)
        self._draw_outline(drawing, max(drawing.peak, 1e-6))
        self._show_level(f"t = {moment.level:.0f}")
        if self._curves_of != moment.window:
            self._draw_curves(moment.window)
        self.marker.setValue(moment.level)
        self.marker.show()
        self.marker_dot.setData([moment.level], [moment.similarity])
        self.marker_dot.setVisible(not math.isnan(moment.similarity))  # nothing is known: nothing to be alike

    def _hide_marker(self) -> None:
        self.marker.hide()
        self.marker_dot.hide()

    def _show_level(self, text: str) -> None:
        self.level.setText(text)
        self.level.adjustSize()

    def _undo_index_changed(self, index: int) -> None:
        if self._past_job is not None and index < self._undo_index:
            self._forget()  # what the run added has been taken away
            self._plan_changed()

    def _forget(self) -> None:
        """Let go of the last run: its pictures, and the memory that its states take."""
        self._last, self._past_job, self._summary = None, None, ""
        self._clear_curves()
        self._hide_marker()
        self.scrub.set_history(History())
        self.past_changed.emit()

    def _restyle(self) -> None:
        theme = self._theme
        for item in (self.known_item, self.after_item):
            item.set_colour(theme.colour("ink"))
        self.new_item.set_colour(theme.colour("accent"))
        self.zero.setPen(line_pen(theme, "hairline"))
        for line in (self.boundary, self.far_boundary):
            line.setPen(line_pen(theme, "boundary"))
        self.playhead.setPen(line_pen(theme, "playhead"))
        self.marker.setPen(line_pen(theme, "playhead"))
        self.marker_dot.setPen(line_pen(theme, "surface", width=1.5))
        self.marker_dot.setBrush(theme.colour("accent"))
        self.level.setStyleSheet(
            f"color: {theme.palette.accent_ink}; background: {theme.palette.surface};"
            "padding: 0 6px; border-radius: 4px;"
        )
        for line in self.grid:
            line.setPen(line_pen(theme, "grid"))
        self.lambda_item.setPen(line_pen(theme, "muted", width=1.25))
        self.similarity_item.setPen(line_pen(theme, "accent", width=2))
        for item in self.past_items:
            item.setPen(line_pen(theme, "accent", alpha=0.28))


def _mixes(settings: Settings) -> bool:
    """Whether the sampler goes by lambda; one of the user's own that is gone or broken does not."""
    try:
        return "lambda_schedule" in find_sampler(settings.sampler).options
    except PianoDiffError:
        return False


def by_level(visited: list[float], similarities: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The newest similarity at every level, from noise to music. A walk with jumps visits a level many times."""
    newest = dict(zip(visited, similarities, strict=True))
    levels = np.array(sorted(newest, reverse=True))
    return levels, np.array([newest[level] for level in levels])
