"""The page of a duel: its contenders in lanes under one time axis, and their KS similarity over t."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.analysis.pitch import PitchTrack
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel.duel import Contender, Duel
from pianodiff_gui.duel.lane import COLUMNS, FIGURES_WIDTH, Lane, Piece, values_of, written
from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.timeline import BEFORE, Part
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.curves import LevelPlot, by_level
from pianodiff_gui.views.plots import Plot, Strip, TimeAxis, line_pen
from pianodiff_gui.work.analysis import pitch_of
from pianodiff_gui.work.background import Background
from pianodiff_gui.work.figures import Figures

log = logging.getLogger(__name__)

_Context = tuple[tuple[Piece, ...], list[PitchTrack]]
"""What is around the new part, and its pitch."""
_CONTEXT_SECONDS = 3.0  # of what is around the new part
_CURVES_LEAST, _CURVES_MOST = 15 * GRID, 21 * GRID  # px
_AIR = 1.05  # height of a lane over its largest sample
_MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of KS similarity
_LEAST_PLAYED = 0.05  # s; a lane heard to its end starts over
_PROGRESS_INTERVAL = 250  # ms


def span_of(job: Job) -> tuple[float, float]:
    """From where to where the lanes reach, in seconds: the new part, and a little of what is around it."""
    base = job.base
    begin, end = (at / base.sample_rate for at in base.edges(job.gap))
    low = max(begin - _CONTEXT_SECONDS, base.begin_seconds) if job.gap != BEFORE else begin - job.seconds
    high = min(end + _CONTEXT_SECONDS, base.end_seconds) if job.gap is not None else end + job.seconds
    return low, high


def _context(job: Job) -> _Context:
    """What is around the new part, and its pitch. Raises AudioError: the recording can't be read."""
    base, rate = job.base, job.base.sample_rate
    begin, end = base.edges(job.gap)
    before, behind = base.around(job.gap, _CONTEXT_SECONDS)
    pieces: list[Piece] = []
    tracks: list[PitchTrack] = []
    for first, samples in ((begin - before.shape[1], before), (end, behind)):
        if samples.shape[1]:
            pieces.append(Piece(first, samples, rate))
            tracks.extend(pitch_of(base, Part(first, first + samples.shape[1], None)))
    return tuple(pieces), tracks


def _pitch(contender: Contender) -> PitchTrack:
    """Of what it made. Raises AudioError: the recording can't be read."""
    timeline, job = contender.timeline, contender.job
    assert timeline is not None
    made = timeline.stretches[-1]
    part = next(part for part, stretch in timeline.generated_parts if stretch is made)
    pieces = []
    for piece in pitch_of(timeline, part):
        if job.cancelled.is_set():  # the duel was closed: nobody looks at it any more
            break
        pieces.append(piece)
    return PitchTrack.join(pieces)


class DuelView(QWidget):
    """Follows the duel, the figures and the player; what the user decides is told to the window."""

    listen_requested = Signal(object)  # Contender
    keep_requested = Signal(object)  # Contender
    keep_all_requested = Signal()
    close_requested = Signal()
    seek_requested = Signal(float)

    def __init__(self, duel: Duel, figures: Figures, player: Player, theme: Theme, commands: Actions) -> None:
        super().__init__()
        self._duel, self._figures, self._player, self._theme = duel, figures, player, theme
        self._background = Background(self)
        self._shown: tuple[Contender, ...] = ()
        self._syncing = False
        self._context: _Context = ((), [])
        self._followed: Contender | None = None  # the lane that was last brought into view
        self.lanes: list[Lane] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(self._make_head(commands))
        layout.addWidget(self._make_lanes(), 4)
        layout.addWidget(self._make_curves(), 1)
        self._clock = QTimer(self)
        self._clock.setInterval(_PROGRESS_INTERVAL)
        self._clock.timeout.connect(self._show_progress)
        duel.changed.connect(self._duel_changed)
        duel.heard_changed.connect(self._heard_changed)
        duel.advanced.connect(self._advanced)
        duel.finished.connect(self._finished)
        figures.changed.connect(self._show_figures)
        player.playing_changed.connect(self._refresh)
        player.position_changed.connect(self._show_playhead)
        theme.changed.connect(self._restyle)
        self._restyle()

    # Building

    def _make_head(self, commands: Actions) -> QWidget:
        head = QFrame()
        head.setObjectName("card")
        self.title = QLabel()
        self.title.setFont(font(11, font().Weight.DemiBold))
        self.about = ElidedLabel()
        self.about.setProperty("role", "muted")
        self.about.setFont(font(9, tabular=True))
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop within one step; the lanes that are done stay  (Esc)")
        self.cancel.clicked.connect(commands["cancel"].trigger)
        self.keep_all = QPushButton("Keep all as takes")
        self.keep_all.clicked.connect(self.keep_all_requested)
        self.leave = QPushButton("Close")
        self.leave.setToolTip("Let go of what was not kept and go back  (Esc)")
        self.leave.clicked.connect(self.close_requested)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setFont(font(8.75, tabular=True))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.title)
        row.addSpacing(GRID)
        row.addWidget(self.about, 100)
        row.addStretch(1)
        for button in (self.cancel, self.keep_all, self.leave):
            row.addWidget(button)
        below = QHBoxLayout()
        below.setSpacing(2 * GRID)
        below.addWidget(self.progress, 1)
        below.addWidget(self.note)
        below.addStretch(0)
        layout = QVBoxLayout(head)
        layout.setContentsMargins(2 * GRID, 12, 2 * GRID, 12)
        layout.setSpacing(GRID)
        layout.addLayout(row)
        layout.addLayout(below)
        return head

    def _make_lanes(self) -> QWidget:
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        self.area.verticalScrollBar().rangeChanged.connect(self._align_axis)
        self.axis = Plot(self._theme, bottom=TimeAxis("bottom"))
        self.axis.setFixedHeight(26)
        self.axis.axis("left").setStyle(showValues=False)
        self.axis.plotItem.vb.setMouseEnabled(False, False)
        self._axis_row = QHBoxLayout()
        self._axis_row.addWidget(self.axis)
        holder = QFrame()
        holder.setObjectName("card")
        holder.setLayout(self._axis_row)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.area, 1)
        layout.addWidget(holder)
        self._align_axis()
        return whole

    def _make_curves(self) -> QWidget:
        strip = Strip("KS similarity over t")
        strip.note.setText("from noise to music; 1 is alike")
        self.curves = LevelPlot(self._theme, _MARKS)
        self.curve_items: dict[tuple[int, int], pg.PlotCurveItem] = {}  # by contender's number and window
        strip.body.addWidget(self.curves, 1)
        strip.setMinimumHeight(_CURVES_LEAST)
        strip.setMaximumHeight(_CURVES_MOST)
        return strip

    def _align_axis(self, _low: int = 0, _high: int = 0) -> None:
        """The lanes' plots and the axis end at the same place, with a scroll bar and without."""
        bar = self.area.verticalScrollBar()
        right = FIGURES_WIDTH + (bar.sizeHint().width() if bar.maximum() > bar.minimum() else 0)
        self._axis_row.setContentsMargins(0, 0, right, 0)

    # Time

    def fit(self) -> None:
        """Show the whole of the lanes."""
        if self.lanes:
            self._set_range(*span_of(self.lanes[0].contender.job))

    def zoom(self, factor: float) -> None:
        """Zoom around the playhead where it is in view, else around the middle."""
        if self.lanes:
            box = self.lanes[0].box
            low, high = box.viewRange()[0]
            at = self._player.position
            box.zoom(factor, at if low < at < high else None)

    def _set_range(self, low: float, high: float) -> None:
        """All lanes show the same time."""
        if self._syncing:
            return
        self._syncing = True
        for lane in self.lanes:
            lane.box.setXRange(low, high, padding=0)
        self.axis.plotItem.vb.setXRange(low, high, padding=0)
        self._syncing = False

    def _show_playhead(self, seconds: float) -> None:
        for lane in self.lanes:
            lane.set_playhead(seconds)

    # What the duel says

    def _duel_changed(self) -> None:
        if self._duel.contenders is not self._shown:
            self._shown = self._duel.contenders
            self._rebuild()
        if self._duel.running and not self._clock.isActive():
            self._clock.start()
        elif not self._duel.running:
            self._clock.stop()
        for lane in self.lanes:
            lane.advance()
        self._refresh()
        self._show_figures()
        self._reveal(self._duel.current)

    def _heard_changed(self) -> None:
        self._refresh()
        self._reveal(self._duel.heard)

    def _reveal(self, contender: Contender | None) -> None:
        """Scroll its lane into view, once: the user may scroll on."""
        if contender is not None and contender is not self._followed:
            self._followed = contender
            QTimer.singleShot(0, self, lambda: self._scroll_to(contender))

    def _scroll_to(self, contender: Contender) -> None:
        lane = self._lane_of(contender)
        if lane is not None:
            self.area.ensureWidgetVisible(lane, 0, 0)

    def _rebuild(self) -> None:
        """Lanes for the contenders there are now."""
        for lane in self.lanes:
            self._column.removeWidget(lane)
            lane.hide()
            lane.deleteLater()
        for item in self.curve_items.values():
            self.curves.removeItem(item)
        self.curve_items = {}
        self.lanes = []
        self._context = ((), [])
        if not self._shown:
            return
        job = self._shown[0].job
        top = job.network.levels
        self.curves.show_levels(top, padding=0.02)
        self._scale_curves()
        self._add_lane(self._shown)
        self._background.run(partial(_context, job), partial(self._show_context, self._shown), log.warning)
        self.setFocus()

    def _add_lane(self, contenders: tuple[Contender, ...]) -> None:
        """One lane for each turn of the event loop, so that the window does not stand still for all of them at once."""
        if contenders is not self._shown or len(self.lanes) == len(contenders):
            return
        contender = contenders[len(self.lanes)]
        lane = Lane(self._theme, contender, span_of(contender.job))
        lane.listen_requested.connect(partial(self.listen_requested.emit, contender))
        lane.keep_requested.connect(partial(self.keep_requested.emit, contender))
        lane.seek_requested.connect(self.seek_requested)
        lane.box.sigXRangeChanged.connect(lambda _box, ends: self._set_range(*ends))
        lane.set_playhead(self._player.position)
        lane.set_context(*self._context)
        lane.advance()
        self._column.addWidget(lane)
        self.lanes.append(lane)
        self.fit()
        self._level_heights()
        self._refresh()
        self._show_figures()
        QTimer.singleShot(0, self, partial(self._add_lane, contenders))

    def _show_context(self, contenders: tuple[Contender, ...], found: _Context) -> None:
        if contenders is self._shown:
            self._context = found
            for lane in self.lanes:
                lane.set_context(*found)
            self._level_heights()

    def _lane_of(self, contender: Contender) -> Lane | None:
        return next((lane for lane in self.lanes if lane.contender is contender), None)

    def _advanced(self, contender: Contender) -> None:
        lane = self._lane_of(contender)
        if lane is None:
            return
        lane.advance()
        self._level_heights()
        self._draw_curves(contender)
        self._refresh()
        self._show_figures()

    def _finished(self, contender: Contender) -> None:
        assert contender.timeline is not None
        self._figures.ask([contender.timeline])
        self._background.run(partial(_pitch, contender), partial(self._show_pitch, contender), log.warning)

    def _show_pitch(self, contender: Contender, track: PitchTrack) -> None:
        lane = self._lane_of(contender)
        if lane is not None:
            lane.set_pitch(track)

    def _level_heights(self) -> None:
        """The same height means the same level in every lane."""
        peak = _AIR * max((lane.loudest for lane in self.lanes), default=0.0)
        for lane in self.lanes:
            lane.set_height(peak)

    def _draw_curves(self, contender: Contender) -> None:
        """One curve a window; that of the last one plain, the others faint."""
        self._scale_curves()
        last = contender.frame
        for window, frame in contender.pictures.items():
            key = (contender.number, window)
            item = self.curve_items.get(key)
            if item is None:
                item = self.curve_items[key] = pg.PlotCurveItem(antialias=True)
                self.curves.addItem(item, ignoreBounds=True)
                self._colour_curves(contender)
            if frame is last:
                item.setData(*by_level(frame.levels.tolist(), frame.similarities.tolist()))

    def _scale_curves(self) -> None:
        """Show the marks down to the one below all curves: good samplers differ by little."""
        frames = [frame for contender in self._shown for frame in contender.pictures.values()]
        least = min((float(frame.similarities.min()) for frame in frames), default=_MARKS[-2])
        mark = max((mark for mark in _MARKS[:-1] if mark <= least), default=0.0)
        height = 1.0 - mark
        self.curves.plotItem.vb.setYRange(mark - 0.03 * height, 1.0 + 0.06 * height, padding=0)

    def _colour_curves(self, contender: Contender) -> None:
        newest = max(contender.pictures, default=0)
        for (number, window), item in self.curve_items.items():
            if number == contender.number:
                pen = line_pen(self._theme, "accent", width=2 if window == newest else 1)
                pen.setColor(self._theme.take_colour(contender.colour, 1.0 if window == newest else 0.35))
                item.setPen(pen)

    # Words, buttons and figures

    def _refresh(self, _value: object = None) -> None:
        duel = self._duel
        if not duel.open:
            return
        running, done = duel.running, duel.done
        job = duel.contenders[0].job
        self.title.setText(f"Duel of {len(duel.contenders)}")
        self.about.setText(_about(job, duel.x_T))
        for lane in self.lanes:
            lane.refresh(running, lane.contender is duel.heard, self._player.playing)
        self.cancel.setVisible(running)
        stopping = duel.current is not None and duel.current.job.cancelled.is_set()
        self.cancel.setEnabled(not stopping)
        self.cancel.setText("Stopping\u2026" if stopping else "Cancel")
        self.keep_all.setVisible(not running and len(done) > 1)
        self.leave.setVisible(not running)
        self.progress.setVisible(running)
        self._show_progress()

    def _show_progress(self) -> None:
        duel = self._duel
        if duel.running:
            remaining, current = duel.remaining(), duel.current
            left = "estimating\u2026" if remaining is None else f"{wording.about(remaining)} left"
            which = f"{current.number} of {len(duel.contenders)}, " if current is not None else ""
            self.progress.setValue(round(1000 * duel.share))
            self.note.setText(f"{which}{100 * duel.share:.0f} %, {left}")
        elif duel.done:
            self.note.setText(
                "What was made lies in memory only, until you keep it. Number keys and Space play the lanes."
            )
        else:
            self.note.setText("Nothing was made. Close the duel to go back.")

    def _show_figures(self) -> None:
        duel = self._duel
        if not duel.open:
            return
        values = {
            contender: values_of(contender, self._figures.of(contender.timeline) if contender.timeline else {})
            for contender in duel.contenders
        }
        best = {}
        for name, column in COLUMNS.items():
            known = [values[contender][name] for contender in duel.done if name in values[contender]]
            known = [value for value in known if not np.isnan(value)]
            # What can't be told apart as it is written is not better.
            if column.best is not None and len({written(name, value) for value in known}) > 1:
                best[name] = written(name, column.best(known))
        for lane in self.lanes:
            lane.set_figures(values[lane.contender], best)

    def _restyle(self) -> None:
        for lane in self.lanes:
            lane.restyle()
            self._colour_curves(lane.contender)
        self._refresh()
        self._show_figures()

    def wait(self) -> None:
        """Wait for what is read in the background, for closing."""
        self._background.wait()


def _about(job: Job, x_T: str) -> str:
    """What all contenders have in common."""
    where = {None: "behind everything", BEFORE: "before everything"}.get(job.gap, "in the recording")
    same = f"x_T {x_T[:8]}, the same for all" if x_T else "the same x_T for all"
    return f"{wording.seconds(job.seconds)} {where}  \u00b7  seed {job.settings.seed}  \u00b7  {same}"


def playing_from(contender: Contender, playhead: float | None) -> float:
    """Where to play a lane from: the playhead, but the start of the lane where there is none or it is out of it."""
    low, high = span_of(contender.job)
    return playhead if playhead is not None and low <= playhead < high - _LEAST_PLAYED else low
