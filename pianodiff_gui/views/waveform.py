"""The recording and what was generated after it, under one time axis, with the handle that sets the length."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPen

from core.errors import PianoDiffError
from core.peaks import PeakPyramid
from pianodiff_gui.session import Session
from pianodiff_gui.theme import Theme
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
        self._generated = PeakPyramid()
        self._generated_samples = np.zeros((1, 0), np.float32)
        self._known_peak = 0.0
        self._height = 1.0
        self._following = True  # the whole is in view and stays so as the length changes
        self.legend.addWidget(Swatch(theme, "ink", "recording"))
        self.legend.addWidget(Swatch(theme, "accent", "generated"))

        self.box = TimeViewBox()
        self.plot = Plot(theme, self.box, left=FixedAxis("left", [(0.0, "0")]), show_bottom=False)
        self.body.addWidget(self.plot, 1)
        self.zero = pg.InfiniteLine(pos=0, angle=0)
        self.zero.setZValue(-5)
        self.plot.addItem(self.zero, ignoreBounds=True)
        self.known_item, self.generated_item = EnvelopeItem(), EnvelopeItem()
        self.plot.addItem(self.known_item, ignoreBounds=True)
        self.plot.addItem(self.generated_item, ignoreBounds=True)
        self.ghost, self.boundary, self.playhead = time_lines(self.plot)
        self.playhead.addMarker("v", position=1.0, size=9)
        self.seams: list[pg.InfiniteLine] = []  # where one take ends and the next begins

        self.handle = Handle(theme, self.plot)
        self.handle.dragged.connect(self._dragged)
        self.handle.released.connect(self._released)
        self._drag_x = 0.0
        self._scroll = QTimer(self)
        self._scroll.setInterval(_SCROLL_INTERVAL)
        self._scroll.timeout.connect(self._scroll_on)

        self.box.clicked.connect(self._clicked)
        self.box.zoomed.connect(self._user_moved)
        self.box.sigRangeChanged.connect(self._range_changed)
        self.plot.installEventFilter(self)
        session.source_changed.connect(self._source_changed)
        session.timeline_changed.connect(self._timeline_changed)
        session.target_changed.connect(self._target_changed)
        theme.changed.connect(self._restyle)
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
            self.seek_requested.emit(min(max(seconds, 0.0), timeline.seconds))

    def _user_moved(self) -> None:
        self._following = False

    def _dragged(self, x: float) -> None:
        self._drag_x = x
        area = self.plot.area()
        if x > area.right() or x < area.left():
            if not self._scroll.isActive():
                self._scroll.start()
        else:
            self._scroll.stop()
        self._set_target_at(x, final=False)

    def _released(self, x: float) -> None:
        self._scroll.stop()
        self._set_target_at(x, final=True)
        if self._following:
            self._show_all()
        self._place_handle()

    def _scroll_on(self) -> None:
        low, high = self.box.viewRange()[0]
        step = (high - low) * _SCROLL_SHARE * (1 if self._drag_x > self.plot.area().center().x() else -1)
        self._following = False
        self._limit(high + step)
        self.box.setXRange(low + step, high + step, padding=0)
        self._set_target_at(self._drag_x, final=False)

    def _set_target_at(self, x: float, final: bool) -> None:
        source = self._session.source
        if source is not None:
            self._session.set_target(self.plot.pixel_to_x(x) - source.seconds, final=final)

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
            start = min(max(0.0, seconds - _PAGE_LEAD * (high - low)), self._end() + self._room() - (high - low))
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
        samples = timeline.generated()
        self._generated = PeakPyramid()
        self._generated.append(samples)
        self._generated_samples = samples
        self._set_height()
        for line in self.seams:
            self.plot.removeItem(line)
        self.seams = []
        at = timeline.source_frames
        for take in timeline.takes[:-1]:
            at += take.frames
            line = pg.InfiniteLine(pos=at / timeline.sample_rate)
            line.setPen(self._seam_pen())
            self.plot.addItem(line, ignoreBounds=True)
            self.seams.append(line)
        self._target_changed()
        self._draw()

    def _target_changed(self, _target: float = 0.0) -> None:
        source = self._session.source
        if source is None:
            return
        begin = source.seconds + self._session.generated_seconds
        end = source.seconds + self._session.target
        self.ghost.setRegion((min(begin, end), max(begin, end)))
        cut = end < begin
        self.ghost.setBrush(self._theme.colour("boundary", 0.22) if cut else self._theme.colour("accent", 0.10))
        self.ghost.setZValue(10 if cut else -10)
        self.ghost.setVisible(abs(end - begin) > 1e-6)
        if self._following and not self.handle.dragging:
            self._show_all()
        else:
            self._limit()
        self._place_handle()

    # Drawing

    def _set_height(self) -> None:
        """Fill the plot, with a little air above the highest peak of either part."""
        peak = max(self._known_peak, float(np.abs(self._generated_samples).max(initial=0.0)))
        self._height = min(max(peak * 1.12, 0.02), 1.12) if peak else 1.0

    def _end(self) -> float:
        """Seconds of everything there is or will be."""
        source = self._session.source
        if source is None:
            return 1.0
        return source.seconds + max(self._session.target, self._session.generated_seconds)

    def _room(self) -> float:
        return max(0.08 * self._end(), 0.4)

    def _limit(self, at_least: float = 0.0) -> None:
        high = self.box.viewRange()[0][1]
        # The view stands still under a drag, and stays where the user put it.
        held = self.handle.dragging or not self._following
        end = max(self._end() + self._room(), at_least, high if held else 0.0)
        self.box.setLimits(xMin=0.0, xMax=end, minXRange=_SHORTEST_SPAN, maxXRange=end)

    def _show_all(self) -> None:
        self._limit()
        self.box.setXRange(0.0, self._end() + self._room(), padding=0)

    def _read_known(self, start: int, stop: int) -> np.ndarray:
        source = self._session.source
        assert source is not None
        return source.read(start, stop)

    def _read_generated(self, start: int, stop: int) -> np.ndarray:
        return self._generated_samples[:, start:stop]

    def _range_changed(self) -> None:
        self._draw()
        self._place_handle()

    def _place_handle(self) -> None:
        source = self._session.source
        if source is None:
            self.handle.hide()
            self.handle.label.hide()
            return
        x = self.plot.x_to_pixel(source.seconds + self._session.target)
        self.handle.place(x, self.plot.area(), f"+{self._session.target:.1f} s")

    def _draw(self) -> None:
        source = self._session.source
        if source is None:
            return
        self.box.setYRange(-self._height, self._height, padding=0)
        rate = source.sample_rate
        low, high = self.box.viewRange()[0]
        columns = max(2, round(self.box.width()))
        self._draw_part(self.known_item, self._known, self._read_known, low * rate, high * rate, columns, rate, 0.0)
        offset = source.frames
        self._draw_part(
            self.generated_item,
            self._generated,
            self._read_generated,
            low * rate - offset,
            high * rate - offset,
            columns,
            rate,
            source.seconds,
        )

    def _draw_part(
        self,
        item: EnvelopeItem,
        pyramid: PeakPyramid,
        read: object,
        start: float,
        stop: float,
        columns: int,
        rate: int,
        offset: float,
    ) -> None:
        try:
            low, high, edges = pyramid.envelope(int(start) - 1, int(stop) + 2, columns, read)  # type: ignore[arg-type]
        except PianoDiffError:  # the file went away while it was open; reading it for work will say so
            low, high, edges = np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(1, np.int64)
        seconds = (edges[:-1] + edges[1:] - 1) / 2 / rate + offset
        item.set_data(seconds, low, high)

    def _seam_pen(self) -> QPen:
        pen = line_pen(self._theme, "accent", alpha=0.7)
        pen.setStyle(Qt.PenStyle.DotLine)
        return pen

    def _restyle(self) -> None:
        self.known_item.set_colour(self._theme.colour("ink"))
        self.generated_item.set_colour(self._theme.colour("accent"))
        self.zero.setPen(line_pen(self._theme, "hairline"))
        style_lines(self._theme, self.ghost, self.boundary, self.playhead)
        for line in self.seams:
            line.setPen(self._seam_pen())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot and event.type() == QEvent.Type.Resize:
            QTimer.singleShot(0, self, self._range_changed)
        return False
