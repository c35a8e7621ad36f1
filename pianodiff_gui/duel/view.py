"""The page of a duel: its contenders in lanes under one time axis, and their KS similarity over t."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.analysis.pitch import PitchTrack
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel import words
from pianodiff_gui.duel.audio import Context, context_of, made_pitch, span_of
from pianodiff_gui.duel.duel import Contender, Duel
from pianodiff_gui.duel.lane import FIGURES_WIDTH, Lane
from pianodiff_gui.duel.similarity import SimilarityStrip
from pianodiff_gui.duel.verdict import best_of, values_of
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.plots import Plot, TimeAxis
from pianodiff_gui.work.background import Background
from pianodiff_gui.work.figures import Figures

log = logging.getLogger(__name__)

_AIR = 1.05  # height of a lane over its largest sample
_PROGRESS_INTERVAL = 250  # ms


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
        self._context: Context = ((), [])
        self._followed: Contender | None = None  # the lane that was last brought into view
        self.lanes: list[Lane] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(self._make_head(commands))
        layout.addWidget(self._make_lanes(), 4)
        self.similarity = SimilarityStrip(theme)
        layout.addWidget(self.similarity, 1)
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
        self.similarity.show_contenders(self._shown)
        self.lanes = []
        self._context = ((), [])
        if not self._shown:
            return
        job = self._shown[0].job
        self._add_lane(self._shown)
        self._background.run(partial(context_of, job), partial(self._show_context, self._shown), log.warning)
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

    def _show_context(self, contenders: tuple[Contender, ...], found: Context) -> None:
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
        self.similarity.draw(contender)
        self._refresh()
        self._show_figures()

    def _finished(self, contender: Contender) -> None:
        assert contender.timeline is not None
        self._figures.ask([contender.timeline])
        self._background.run(partial(made_pitch, contender), partial(self._show_pitch, contender), log.warning)

    def _show_pitch(self, contender: Contender, track: PitchTrack) -> None:
        lane = self._lane_of(contender)
        if lane is not None:
            lane.set_pitch(track)

    def _level_heights(self) -> None:
        """The same height means the same level in every lane."""
        peak = _AIR * max((lane.loudest for lane in self.lanes), default=0.0)
        for lane in self.lanes:
            lane.set_height(peak)

    # Words, buttons and figures

    def _refresh(self, _value: object = None) -> None:
        duel = self._duel
        if not duel.open:
            return
        running, done = duel.running, duel.done
        job = duel.contenders[0].job
        self.title.setText(f"Duel of {len(duel.contenders)}")
        self.about.setText(words.about(job, duel.x_T))
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
        if self._duel.running:
            self.progress.setValue(round(1000 * self._duel.share))
        self.note.setText(words.progress_of(self._duel))

    def _show_figures(self) -> None:
        duel = self._duel
        if not duel.open:
            return
        values = {
            contender: values_of(contender, self._figures.of(contender.timeline) if contender.timeline else {})
            for contender in duel.contenders
        }
        best = best_of(values[contender] for contender in duel.done)
        for lane in self.lanes:
            lane.set_figures(values[lane.contender], best)

    def _restyle(self) -> None:
        for lane in self.lanes:
            lane.restyle()
        self._refresh()
        self._show_figures()

    def wait(self) -> None:
        """Wait for what is read in the background, for closing."""
        self._background.wait()
