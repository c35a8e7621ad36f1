"""The points of a lambda curve, dragged in its plot."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter

from core.diffusion.lambdas import Curve, lambda_curve
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.views.plots import Plot, line_pen

Points = tuple[tuple[float, float], ...]

_SIZE = 10  # px
_APART = 0.02  # least progress between two points
_FIRST = 5  # points of a curve that is taken over from a schedule


def points_of(curve: Curve) -> Points:
    """Points to begin with, on the curve that was in use."""
    if not isinstance(curve, str):
        return curve
    values = lambda_curve(curve, _FIRST)
    return tuple((k / (_FIRST - 1), round(float(value), 3)) for k, value in enumerate(values))


class _Handle(pg.TargetItem):
    def paint(self, painter: QPainter, *others: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)  # off for everything else that pyqtgraph draws
        super().paint(painter, *others)


class LambdaPoints(QObject):
    """Handles on a plot whose x runs from t = top - 1 (progress 0) to 0 (progress 1). A double click beside them adds
    one, a double click on one takes it away; the two at the ends stay.
    """

    moved = Signal(object)  # Points, while one is dragged
    changed = Signal(object)  # Points, when it is let go

    def __init__(self, plot: Plot, theme: Theme) -> None:
        super().__init__(plot)
        self._plot, self._theme = plot, theme
        self._points: Points = ()
        self.top = 2
        self.handles: list[_Handle] = []
        plot.viewport().installEventFilter(self)
        theme.changed.connect(self._restyle)

    def show(self, points: Points, top: int) -> None:
        """Put handles on `points`, (progress, lambda); none with ()."""
        self._points, self.top = points, top
        while len(self.handles) > len(points):
            self._plot.removeItem(self.handles.pop())
        while len(self.handles) < len(points):
            self.handles.append(self._make_handle(len(self.handles)))
        for handle, (progress, value) in zip(self.handles, points, strict=True):
            handle.blockSignals(True)
            handle.setPos(self._level(progress), value)
            handle.blockSignals(False)

    def _make_handle(self, index: int) -> _Handle:
        handle = _Handle(pos=(0, 0), size=_SIZE, symbol="o", movable=True)
        handle.setZValue(10)
        handle.sigPositionChanged.connect(partial(self._dragged, index))
        handle.sigPositionChangeFinished.connect(lambda: self.changed.emit(self._points))
        self._plot.addItem(handle, ignoreBounds=True)
        self._style(handle)
        return handle

    def _level(self, progress: float) -> float:
        return (self.top - 1) * (1 - progress)

    def _dragged(self, index: int, handle: _Handle) -> None:
        """Keep a point between its neighbours, and lambda between 0 and 1."""
        progress = 1 - handle.pos().x() / max(1, self.top - 1)
        last = len(self._points) - 1
        if index in (0, last):
            progress = float(index == last)
        else:
            low, high = self._points[index - 1][0] + _APART, self._points[index + 1][0] - _APART
            progress = min(max(progress, low), high) if low < high else self._points[index][0]
        point = (round(progress, 4), round(min(max(handle.pos().y(), 0.0), 1.0), 3))
        self._points = (*self._points[:index], point, *self._points[index + 1 :])
        self.show(self._points, self.top)
        self.moved.emit(self._points)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Double clicks on the plot."""
        if event.type() != QEvent.Type.MouseButtonDblClick or not self._points:
            return False
        assert isinstance(event, QMouseEvent)
        scene = self._plot.mapToScene(event.position().toPoint())
        box = self._plot.plotItem.vb
        hit = (k for k, handle in enumerate(self.handles) if _near(box.mapViewToScene(handle.pos()), scene))
        at = next(hit, None)
        if at is None:
            self._add(box.mapSceneToView(scene))
        elif 0 < at < len(self._points) - 1:
            self.changed.emit((*self._points[:at], *self._points[at + 1 :]))
        return True

    def _add(self, where: QPointF) -> None:
        progress = 1 - where.x() / max(1, self.top - 1)
        if 0 < progress < 1 and all(abs(progress - other) >= _APART for other, _ in self._points):
            point = (round(progress, 4), round(min(max(where.y(), 0.0), 1.0), 3))
            self.changed.emit(tuple(sorted((*self._points, point))))

    def _style(self, handle: _Handle) -> None:
        handle.setPen(line_pen(self._theme, "accent", width=1.5))
        handle.setBrush(pg.mkBrush(self._theme.colour("surface")))
        handle.setHoverPen(line_pen(self._theme, "accent", width=2))
        handle.setHoverBrush(pg.mkBrush(self._theme.colour("accent", 0.35)))
        handle.setCursor(Qt.CursorShape.SizeAllCursor)

    def _restyle(self) -> None:
        for handle in self.handles:
            self._style(handle)


def _near(one: QPointF, other: QPointF) -> bool:
    return bool((one - other).manhattanLength() <= _SIZE)
