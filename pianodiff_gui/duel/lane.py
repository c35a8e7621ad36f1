"""One lane of a duel: a contender's x_t while it runs, then its audio and pitch, and its figures beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.analysis.pitch import PitchTrack
from pianodiff_gui.duel.audio import Piece, edges_of, first_new, made_piece
from pianodiff_gui.duel.duel import Contender, Phase, title_of
from pianodiff_gui.duel.verdict import COLUMNS, written
from pianodiff_gui.duel.words import status_of
from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import AXIS_WIDTH, GRID, Theme, font
from pianodiff_gui.session.jobs import Frame
from pianodiff_gui.session.outline import Envelope
from pianodiff_gui.views.pitch import HIGHEST, LOWEST, PitchDots
from pianodiff_gui.views.plan_diagram import new_parts
from pianodiff_gui.views.plots import EnvelopeItem, FixedAxis, Plot, TimeViewBox, line_pen

FIGURES_WIDTH = 36 * GRID  # px
_CHIP = 3 * GRID  # px
_HEIGHT = 15 * GRID  # px, the least of a lane
# The pitch lies at its MIDI note numbers, the waveform above it in the same plot.
_TALL = 68.0  # half the waveform's height, in notes
_MIDDLE = HIGHEST + 4 + _TALL
_TOP = _MIDDLE + _TALL + 2


class Lane(QFrame):
    """Draws one contender. The buttons tell the window; a click in the plot moves the playhead."""

    listen_requested = Signal()
    keep_requested = Signal()
    seek_requested = Signal(float)

    def __init__(self, theme: Theme, contender: Contender, span: tuple[float, float]) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.contender = contender
        self._theme = theme
        self._context: tuple[Piece, ...] = ()
        self._new: tuple[Piece, ...] = ()
        self._drawn_stretch: object = None
        self._peak = 1.0
        self._heard = False
        self._wins: set[str] = set()  # the figures in which it is the best
        self._origin = first_new(contender)
        self._make_plot(span)
        self._make_figures()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID // 2, 0, GRID // 2)
        layout.setSpacing(0)
        layout.addLayout(self._make_head())
        layout.addWidget(self.error)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.plot, 1)
        body.addWidget(self.table)
        layout.addLayout(body, 1)
        self.setMinimumHeight(_HEIGHT)
        self.restyle()
        self.refresh(running=True, heard=False, playing=False)

    # Building

    def _make_head(self) -> QHBoxLayout:
        contender = self.contender
        self.key = QLabel(f"{contender.number}")
        self.key.setFont(font(9.5, font().Weight.DemiBold, tabular=True))
        self.key.setFixedSize(_CHIP, _CHIP)
        self.key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.key.setToolTip(f"Press {contender.number} to listen to it")
        self.title = QLabel(title_of(contender.settings))
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setFont(font(9.5, font().Weight.DemiBold))
        self.status = ElidedLabel()
        self.status.setProperty("role", "muted")
        self.status.setFont(font(8.75, tabular=True))
        self.listen = QPushButton("Listen")
        self.listen.setIconSize(QSize(14, 14))
        self.listen.clicked.connect(self.listen_requested)
        self.keep = QPushButton("Keep as take")
        self.keep.clicked.connect(self.keep_requested)
        for button in (self.listen, self.keep):
            button.setFont(font(8.75))
            button.setAccessibleName(f"{button.text()}: {self.title.text()}")
        self.error = QLabel()
        self.error.setProperty("role", "warning")
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setWordWrap(True)
        self.error.setContentsMargins(AXIS_WIDTH, 0, 2 * GRID, GRID // 2)
        self.error.hide()
        row = QHBoxLayout()
        row.setContentsMargins(AXIS_WIDTH - _CHIP - GRID, 0, 2 * GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self.key)
        row.addWidget(self.title)
        row.addWidget(self.status)
        row.addStretch(1)
        row.addWidget(self.listen)
        row.addWidget(self.keep)
        return row

    def _make_plot(self, span: tuple[float, float]) -> None:
        self.box = TimeViewBox()
        labels = [(_MIDDLE, "0"), *((float(note), name) for note, name in ((33, "A1"), (69, "A4"), (105, "A7")))]
        self.plot = Plot(self._theme, self.box, left=FixedAxis("left", labels), show_bottom=False)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # as high as there is room
        self.box.setYRange(LOWEST, _TOP, padding=0)
        low, high = span
        edges = edges_of(self.contender.job)
        self.box.setLimits(xMin=low, xMax=high, yMin=LOWEST, yMax=_TOP, minXRange=0.01, maxXRange=high - low)
        self.box.setXRange(low, high, padding=0)
        self.grid = [pg.InfiniteLine(pos=at, angle=0) for at, _ in labels]
        self.known_item, self.new_item = EnvelopeItem(), EnvelopeItem()
        self.ghost = pg.LinearRegionItem(values=edges, movable=False)
        for line in self.ghost.lines:
            line.hide()
        ends = [at for at in edges if low < at < high]
        self.boundaries = [pg.InfiniteLine(pos=at) for at in ends]
        self.playhead = pg.InfiniteLine()
        self.playhead.setZValue(30)
        for item in (*self.grid, self.ghost, self.known_item, self.new_item, *self.boundaries, self.playhead):
            self.plot.addItem(item, ignoreBounds=True)
        self.known_pitch, self.new_pitch = PitchDots(self.plot, "o"), PitchDots(self.plot, "s")
        self.box.sigResized.connect(self._draw)
        self.box.sigXRangeChanged.connect(self._draw)
        self.box.clicked.connect(self.seek_requested)

    def _make_figures(self) -> None:
        self.table = QWidget()
        self.table.setFixedWidth(FIGURES_WIDTH)
        grid = QGridLayout(self.table)
        grid.setContentsMargins(0, 0, 2 * GRID, GRID // 2)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(0)
        self.numbers: dict[str, QLabel] = {}
        for index, (name, column) in enumerate(COLUMNS.items()):
            row, place = divmod(index, 4)
            title, number = QLabel(column.title), QLabel("\u2013")
            title.setProperty("role", "muted")
            title.setFont(font(7.75))
            title.setToolTip(column.tip)
            for line, label in ((3 * row, title), (3 * row + 1, number)):
                grid.addWidget(label, line, place, Qt.AlignmentFlag.AlignRight)
            grid.setColumnStretch(place, 1)
            self.numbers[name] = number
        grid.setRowMinimumHeight(2, GRID)
        grid.setRowStretch(5, 1)

    # What it shows

    def set_context(self, pieces: tuple[Piece, ...], tracks: list[PitchTrack]) -> None:
        """The recording around the new part, the same in all lanes."""
        self._context = pieces
        self.known_pitch.clear()
        for track in tracks:
            self.known_pitch.append(track)
        self._draw()

    def set_pitch(self, track: PitchTrack) -> None:
        """Of what was made."""
        self.new_pitch.clear()
        self.new_pitch.append(track)
        self._draw()

    @property
    def loudest(self) -> float:
        """The largest sample that it draws."""
        return max((piece.peak for piece in (*self._context, *self._new)), default=0.0)

    def set_height(self, peak: float) -> None:
        """Draw a sample of that size as high as the lane is."""
        if peak > 0 and peak != self._peak:
            self._peak = peak
            self._draw()

    def set_playhead(self, seconds: float) -> None:
        self.playhead.setValue(seconds)

    def advance(self) -> None:
        """Take over what the contender has come to."""
        if self.contender.stretch is not self._drawn_stretch:
            self._drawn_stretch = self.contender.stretch
            made = made_piece(self.contender)
            self._new = (made,) if made is not None else ()
        self._draw()

    def _draw(self, _value: object = None) -> None:
        low, high = self.box.viewRange()[0]
        columns = max(2, round(self.box.width()))
        scale = _TALL / self._peak
        known = [piece.outline(low, high, columns) for piece in self._context]
        new = [piece.outline(low, high, columns) for piece in self._new]
        known = [_lifted(*outline, scale) for outline in known]
        new = [_lifted(*outline, scale) for outline in new]
        frame = self.contender.frame
        if self.contender.phase is Phase.RUNNING and frame is not None:
            window = frame.outline
            known = [self._live(frame, part) for part in (window.before, window.after)]
            new.append(self._live(frame, window.new))
        self.known_item.set_pieces(known)
        self.new_item.set_pieces(new)
        for dots in (self.known_pitch, self.new_pitch):
            dots.draw(low, high, columns)

    def _live(self, frame: Frame, part: Envelope) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A part of x_t where it belongs, as high as the lane at any noise."""
        plan, rate = self.contender.plan, self.contender.job.network.sample_rate
        shift = self._origin + new_parts(plan.windows)[frame.window] / rate
        return _lifted(part.seconds + shift, part.low, part.high, _TALL / max(frame.outline.peak, 1e-6))

    def refresh(self, running: bool, heard: bool, playing: bool) -> None:
        """Bring words and buttons up to date. running: the duel as a whole; heard: this lane is what is played."""
        contender = self.contender
        done = contender.phase is Phase.DONE
        self.status.setText(status_of(contender))
        self.error.setText(wording.breakable(contender.error))
        self.error.setVisible(bool(contender.error))
        unheard = "" if done else "There is nothing to listen to yet." if running else "It made nothing."
        self.listen.setEnabled(done)
        self.listen.setText("Pause" if heard and playing else "Listen")
        self.listen.setToolTip(unheard or f"Play it, as loud as the other lanes  ({contender.number})")
        unkept = "It made nothing." if not done else "Wait until the duel is done, or cancel it."
        self.keep.setEnabled(done and not running)
        self.keep.setToolTip("Make it a take and close the duel" if done and not running else unkept)
        self.ghost.setVisible(contender.phase in (Phase.WAITING, Phase.RUNNING))
        if heard != self._heard:
            self._heard = heard
            self._show_heard()

    def set_figures(self, values: Mapping[str, float], best: Mapping[str, str]) -> None:
        """values: of `values_of`; best: how the best of each is written."""
        for name, label in self.numbers.items():
            value = values.get(name)
            text = "\u2013" if value is None else written(name, value)
            label.setText(text)
            wins = name in best and text == best[name] and self.contender.phase is Phase.DONE
            if wins != (name in self._wins):  # styles are dear, and this is called at every step
                self._wins ^= {name}
                self._mark(name)

    def _mark(self, name: str) -> None:
        """The best figure of a column is bold and in the accent colour."""
        wins, label, palette = name in self._wins, self.numbers[name], self._theme.palette
        label.setFont(font(9.75, font().Weight.Bold if wins else font().Weight.Normal, tabular=True))
        label.setStyleSheet(f"color: {palette.accent_ink if wins else palette.text}")
        label.setToolTip(COLUMNS[name].tip + (" \u2013 the best of these" if wins else ""))

    def _show_heard(self) -> None:
        theme = self._theme
        role = "primary" if self._heard else ""
        if self.keep.property("role") != role:  # one main button on the page: that of the lane one listens to
            self.keep.setProperty("role", role)
            self.keep.style().unpolish(self.keep)
            self.keep.style().polish(self.keep)
        colour = theme.take_colour(self.contender.colour).name()
        fill, ink = (colour, theme.palette.surface) if self._heard else ("transparent", colour)
        self.key.setStyleSheet(f"color: {ink}; background: {fill}; border-radius: 5px;")

    def restyle(self) -> None:
        """Take over the theme's colours."""
        theme, number = self._theme, self.contender.colour
        self.known_item.set_colour(theme.colour("ink"))
        self.known_pitch.recolour(theme.colour("ink"))
        self.new_item.set_colour(theme.take_colour(number))
        self.new_pitch.recolour(theme.take_colour(number))
        self.ghost.setBrush(theme.take_colour(number, 0.10))
        for line in self.grid:
            line.setPen(line_pen(theme, "grid"))
        for line in self.boundaries:
            line.setPen(line_pen(theme, "boundary"))
        self.playhead.setPen(line_pen(theme, "playhead"))
        self._show_heard()
        for name in self.numbers:
            self._mark(name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the plot gives the keys back to the window."""
        self.plot.setFocus()
        super().mousePressEvent(event)


def _lifted(
    seconds: np.ndarray, low: np.ndarray, high: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An outline, drawn `scale` high around where the waveform lies."""
    return seconds, _MIDDLE + scale * low, _MIDDLE + scale * high
