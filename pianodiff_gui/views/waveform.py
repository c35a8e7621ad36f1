"""The recording and what was generated around and in it, under one time axis, with the handles that set how much."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPen

from core.analysis.peaks import PeakPyramid
from core.errors import PianoDiffError
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.goal import SHORTEST_GAP
from pianodiff_gui.session.outline import seen_outline
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE, Part, Stretch
from pianodiff_gui.views.handle import Handle
from pianodiff_gui.views.plots import EnvelopeItem, FixedAxis, Plot, Strip, Swatch, TimeViewBox, line_pen

_SHORTEST_SPAN = 0.005  # s that can fill the view
_PAGE_LEAD = 0.05  # share of the view left of the playhead on a fresh page
_SCROLL_INTERVAL = 33  # ms
_SCROLL_SHARE = 0.03  # of the visible span per tick while the handle is held beyond the edge


def time_lines(plot: Plot) -> tuple[pg.LinearRegionItem, pg.InfiniteLine, pg.InfiniteLine]:
    """What every view over time shows: what will be generated, where generation starts, where playback is."""
    ghost = pg.LinearRegionItem(movable=False)
    ghost.setZValue(-10)
    for line in ghost.lines:
        line.hide()
    boundary, playhead = pg.InfiniteLine(), pg.InfiniteLine()
    boundary.setZValue(20)
    playhead.setZValue(30)
    for item in (ghost, boundary, playhead):
        item.hide()
        plot.addItem(item, ignoreBounds=True)
    return ghost, boundary, playhead


def style_lines(theme: Theme, ghost: pg.LinearRegionItem, boundary: pg.InfiniteLine, playhead: pg.InfiniteLine) -> None:
    ghost.setBrush(theme.colour("accent", 0.10))
    boundary.setPen(line_pen(theme, "boundary"))
    playhead.setPen(line_pen(theme, "playhead"))
    playhead.setHoverPen(playhead.pen)


class WaveformView(Strip):
    """Reads the session; tells where the user clicked and what span of time is visible."""

    seek_requested = Signal(float)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__("Waveform")
        self._session, self._theme = session, theme
        self._known = PeakPyramid()
        self._generated: list[tuple[Part, Stretch, PeakPyramid]] = []
        self._known_peak = 0.0
        self._height = 1.0
        self._following = True  # the whole is in view and stays so as the length changes
        self.legend.addWidget(Swatch(theme, "ink", "recording"))
        self.generated_swatch = Swatch(theme, "accent", "generated")
        self.legend.addWidget(self.generated_swatch)
        self._make_plot()
        self._make_handles()
        self._connect()

    def _make_plot(self) -> None:
        self.box = TimeViewBox()
        self.plot = Plot(self._theme, self.box, left=FixedAxis("left", [(0.0, "0")]), show_bottom=False)
        self.body.addWidget(self.plot, 1)
        self.zero = pg.InfiniteLine(pos=0, angle=0)
        self.zero.setZValue(-5)
        self.plot.addItem(self.zero, ignoreBounds=True)
        self.known_item, self.generated_item = EnvelopeItem(), EnvelopeItem()
        self.plot.addItem(self.known_item, ignoreBounds=True)
        self.plot.addItem(self.generated_item, ignoreBounds=True)
        self.ghost, self.boundary, self.playhead = time_lines(self.plot)
        self.playhead.addMarker("v", position=1.0, size=9)
        self.seams: list[pg.InfiniteLine] = []  # where else one part ends and the next begins

    def _make_handles(self) -> None:
        self.handle = Handle(
            self._theme,
            self.plot,
            "Length of the extension",
            "Drag to set how long the extension becomes (\u2190 and \u2192, with Shift by whole seconds)",
        )
        self.prelude_handle = Handle(
            self._theme,
            self.plot,
            "Length of what comes before",
            "Drag to the left to add something before the recording (Alt+\u2190 and Alt+\u2192)",
            side=-1,
        )
        about = "Drag to set what is filled anew"
        self.gap_handles = (
            Handle(self._theme, self.plot, "Start of the selection", about, side=-1),
            Handle(self._theme, self.plot, "End of the selection", about),
        )
        for handle in self._handles:
            handle.dragged.connect(partial(self._dragged, handle))
            handle.released.connect(partial(self._released, handle))
        self._drag_x = 0.0
        self._dragged_handle = self.handle
        self._scroll = QTimer(self)
        self._scroll.setInterval(_SCROLL_INTERVAL)
        self._scroll.timeout.connect(self._scroll_on)

    def _connect(self) -> None:
        session = self._session
        self.box.clicked.connect(self._clicked)
        self.box.zoomed.connect(self._user_moved)
        self.box.selected.connect(session.select)
        self.box.sigRangeChanged.connect(self._range_changed)
        self.plot.installEventFilter(self)
        session.source_changed.connect(self._source_changed)
        session.timeline_changed.connect(self._timeline_changed)
        session.target_changed.connect(self._target_changed)
        self._theme.changed.connect(self._restyle)
        self._restyle()

    # What the user does

    def fit(self) -> None:
        """Show everything, with room on the right to drag the handle into."""
        self._following = True
        self._show_all()

    def zoom(self, factor: float) -> None:
        """Zoom around the playhead when it is in view, else around the middle."""
        low, high = self.box.viewRange()[0]
        at = float(self.playhead.value())
        self.box.zoom(factor, at if self.playhead.isVisible() and low < at < high else None)

    def _clicked(self, seconds: float) -> None:
        timeline = self._session.timeline
        if timeline is not None:
            self.seek_requested.emit(min(max(seconds, timeline.begin_seconds), timeline.end_seconds))

    def _user_moved(self) -> None:
        self._following = False

    @property
    def _handles(self) -> tuple[Handle, ...]:
        return (self.handle, self.prelude_handle, *self.gap_handles)

    @property
    def dragging(self) -> bool:
        """Whether one of the handles is held."""
        return any(handle.dragging for handle in self._handles)

    def _dragged(self, handle: Handle, x: float) -> None:
        self._drag_x, self._dragged_handle = x, handle
        area = self.plot.area()
        if x > area.right() or x < area.left():
            if not self._scroll.isActive():
                self._scroll.start()
        else:
            self._scroll.stop()
        self._ask_at(handle, x, final=False)

    def _released(self, handle: Handle, x: float) -> None:
        self._scroll.stop()
        self._ask_at(handle, x, final=True)
        if self._following:
            self._show_all()
        self._place_handles()

    def _scroll_on(self) -> None:
        low, high = self.box.viewRange()[0]
        step = (high - low) * _SCROLL_SHARE * (1 if self._drag_x > self.plot.area().center().x() else -1)
        self._following = False
        self._limit(low + step, high + step)
        self.box.setXRange(low + step, high + step, padding=0)
        self._ask_at(self._dragged_handle, self._drag_x, final=False)

    def _ask_at(self, handle: Handle, x: float, final: bool) -> None:
        source, seconds = self._session.source, self.plot.pixel_to_x(x)
        if source is None:
            return
        if handle is self.handle:
            self._session.set_target(seconds - source.seconds, final=final)
        elif handle is self.prelude_handle:
            self._session.set_target(-seconds, BEFORE, final=final)
        elif self._session.selection is not None:
            begin, end = (at / source.sample_rate for at in self._session.selection)
            if handle is self.gap_handles[0]:
                self._session.select(min(seconds, end - SHORTEST_GAP), end)
            else:
                self._session.select(begin, max(seconds, begin + SHORTEST_GAP))

    # What the session says

    def set_peaks(self, pyramid: PeakPyramid) -> None:
        """Draw the recording from `pyramid`."""
        self._known = pyramid
        low, high, _ = pyramid.envelope(0, pyramid.frames, 4096, self._read_known)
        self._known_peak = float(max(np.abs(low).max(initial=0.0), np.abs(high).max(initial=0.0)))
        self._set_height()
        self._draw()

    def set_playhead(self, seconds: float) -> None:
        self.playhead.setVisible(self._session.source is not None)
        self.playhead.setValue(seconds)

    def follow(self, seconds: float) -> None:
        """Turn the page when the playhead runs out of view."""
        low, high = self.box.viewRange()[0]
        if not low <= seconds <= high:
            begin, end = self._begin() - self._room_before(), self._end() + self._room()
            start = min(max(begin, seconds - _PAGE_LEAD * (high - low)), end - (high - low))
            self.box.setXRange(start, start + high - low, padding=0)

    def _source_changed(self) -> None:
        self._known = PeakPyramid()
        self._known_peak = 0.0
        self._height = 1.0
        self._following = True
        source = self._session.source
        if source is not None:
            for item in (self.boundary, self.playhead):
                item.show()
            self.boundary.setValue(source.seconds)
            self.playhead.setValue(0.0)

    def _timeline_changed(self) -> None:
        timeline = self._session.timeline
        if timeline is None:
            return
        self._generated = []
        for part, stretch in timeline.generated_parts:
            pyramid = PeakPyramid()
            pyramid.append(stretch.samples)
            self._generated.append((part, stretch, pyramid))
        self._set_height()
        for line in self.seams:
            self.plot.removeItem(line)
        self.seams = []
        for earlier, later in pairwise(timeline.parts):
            if later.begin == timeline.source_frames and later.stretch is not None and later.stretch.gap is None:
                continue  # the boundary is there already
            line = pg.InfiniteLine(pos=later.begin / timeline.sample_rate)
            line.between_generated = earlier.stretch is not None and later.stretch is not None
            line.setPen(self._seam_pen(line))
            line.setZValue(20)
            self.plot.addItem(line, ignoreBounds=True)
            self.seams.append(line)
        self._recolour()
        self._target_changed()
        self._draw()

    def _target_changed(self, _target: float = 0.0) -> None:
        if self._session.source is None:
            return
        begin, end = self._session.asked
        self.ghost.setRegion((begin, end))
        cut = self._session.goal.seconds < 0
        number = self._session.take_number
        colour = self._theme.colour("boundary", 0.22) if cut else self._theme.take_colour(number, 0.10)
        self.ghost.setBrush(colour)
        self.ghost.setZValue(10 if cut or self._session.selection is not None else -10)
        self.ghost.setVisible(end - begin > 1e-6)
        if self._following and not self.dragging:
            self._show_all()
        else:
            self._limit()
        self._place_handles()

    # Drawing

    def _set_height(self) -> None:
        """Fill the plot, with a little air above the highest peak of either part."""
        generated = [float(np.abs(stretch.samples).max(initial=0.0)) for _, stretch, _ in self._generated]
        peak = max(self._known_peak, *generated, 0.0)
        self._height = min(max(peak * 1.12, 0.02), 1.12) if peak else 1.0

    def _begin(self) -> float:
        """Seconds where everything begins that there is or will be."""
        return -max(self._session.prelude_target, self._session.prelude_seconds)

    def _end(self) -> float:
        """Seconds where it ends."""
        source = self._session.source
        if source is None:
            return 1.0
        return source.seconds + max(self._session.target, self._session.generated_seconds)

    def _room(self) -> float:
        return max(0.08 * (self._end() - self._begin()), 0.4)

    def _room_before(self) -> float:
        """Less than on the other side: just enough for the left handle and what it can be dragged into."""
        return 0.5 * self._room()

    def _limit(self, at_most: float = 0.0, at_least: float = 0.0) -> None:
        low, high = self.box.viewRange()[0]
        # The view stands still under a drag, and stays where the user put it.
        held = self.dragging or not self._following
        begin = min(self._begin() - self._room_before(), at_most, low if held else 0.0)
        end = max(self._end() + self._room(), at_least, high if held else 0.0)
        self.box.setLimits(xMin=begin, xMax=end, minXRange=_SHORTEST_SPAN, maxXRange=end - begin)

    def _show_all(self) -> None:
        self._limit()
        self.box.setXRange(self._begin() - self._room_before(), self._end() + self._room(), padding=0)

    def _read_known(self, start: int, stop: int) -> np.ndarray:
        source = self._session.source
        assert source is not None
        return source.read(start, stop)

    def _range_changed(self) -> None:
        self._draw()
        self._place_handles()

    def _place_handles(self) -> None:
        session, area = self._session, self.plot.area()
        source = session.source
        if source is None:
            for handle in self._handles:
                handle.put_away()
            return
        self.handle.place(self.plot.x_to_pixel(source.seconds + session.target), area, f"+{session.target:.1f} s")
        before = f"\u2212{session.prelude_target:.1f} s" if session.prelude_target else ""
        self.prelude_handle.place(self.plot.x_to_pixel(-session.prelude_target), area, before)
        if session.selection is None:
            for handle in self.gap_handles:
                handle.put_away()
            return
        begin, end = (at / source.sample_rate for at in session.selection)
        self.gap_handles[0].place(self.plot.x_to_pixel(begin), area, "")
        self.gap_handles[1].place(self.plot.x_to_pixel(end), area, f"fill {end - begin:.2f} s")

    def _draw(self) -> None:
        source, timeline = self._session.source, self._session.timeline
        if source is None or timeline is None:
            return
        self.box.setYRange(-self._height, self._height, padding=0)
        known = [
            self._outline(self._known, self._read_known, 0, part.begin, part.end)
            for part in timeline.parts
            if part.stretch is None
        ]
        self.known_item.set_pieces(known)
        generated = []
        for part, stretch, pyramid in self._generated:
            frames = part.end - part.begin
            generated.append(self._outline(pyramid, _reader(stretch.samples), part.begin, 0, frames))
        self.generated_item.set_pieces(generated)

    def _outline(
        self, pyramid: PeakPyramid, read: Callable[[int, int], np.ndarray], offset: int, first: int, last: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Seconds, minima and maxima of what is in view of the pyramid's frames first..last, the pyramid's first being
        frame `offset` of the timeline.
        """
        source = self._session.source
        assert source is not None
        view, columns = self.box.viewRange()[0], round(self.box.width())
        try:
            return seen_outline(pyramid, read, (first, last), offset, source.sample_rate, view, columns)
        except PianoDiffError:  # the file went away while it was open; reading it for work will say so
            return np.zeros(0), np.zeros(0), np.zeros(0)

    def _seam_pen(self, line: pg.InfiniteLine) -> QPen:
        if not line.between_generated:
            return line_pen(self._theme, "boundary")
        pen: QPen = pg.mkPen(self._theme.take_colour(self._session.take_number, 0.7))
        pen.setStyle(Qt.PenStyle.DotLine)
        return pen

    def _recolour(self) -> None:
        """In the colour of the take that is shown."""
        number = self._session.take_number
        self.generated_item.set_colour(self._theme.take_colour(number))
        self.generated_swatch.show_take(number)

    def _restyle(self) -> None:
        self.known_item.set_colour(self._theme.colour("ink"))
        self.zero.setPen(line_pen(self._theme, "hairline"))
        style_lines(self._theme, self.ghost, self.boundary, self.playhead)
        for line in self.seams:
            line.setPen(self._seam_pen(line))
        self._recolour()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot and event.type() == QEvent.Type.Resize:
            QTimer.singleShot(0, self, self._range_changed)
        return False


def _reader(samples: np.ndarray) -> Callable[[int, int], np.ndarray]:
    return lambda start, stop: samples[:, start:stop]
