"""The loop region over a time axis: dragging sets it, its edges can be dragged, a click takes it away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QAction, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from pianodiff_gui.look.theme import Theme
from pianodiff_gui.look.wording import clock
from pianodiff_gui.session.loop_region import LoopRegion
from pianodiff_gui.views.plots import Plot

_REACH = 6  # px on either side of an edge that take hold of it
_BAR = 4  # px


class LoopRuler(QWidget):
    """Lies over the time axis of `plot`, which shows through. loop: whether the region is looped, and not only set."""

    def __init__(self, region: LoopRegion, plot: Plot, theme: Theme, loop: QAction) -> None:
        super().__init__(plot)
        self._region, self._plot, self._theme, self._loop = region, plot, theme, loop
        self._anchor: float | None = None  # px, where a drag began
        self._fixed: float | None = None  # s, the end that stays under a drag; None before it is one
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys are the actions'
        self.setAccessibleName("Loop region")
        region.changed.connect(self._changed)
        loop.toggled.connect(self._changed)
        theme.changed.connect(self.update)
        plot.plotItem.vb.sigRangeChanged.connect(self.update)
        plot.installEventFilter(self)
        self._changed()
        self._place()

    def _changed(self, _on: bool = False) -> None:
        span = self._region.span
        where = "the whole" if span is None else f"{clock(span[0], 2)} to {clock(span[1], 2)}"
        self.setAccessibleDescription(f"Loop plays {where}")
        how = "Drag to set what Loop plays over and over" if span is None else f"Loop plays {where}. Click: the whole"
        self.setToolTip(how)
        self.update()

    def _place(self) -> None:
        area = self._plot.area()
        self.setGeometry(round(area.left()), round(area.bottom()), round(area.width()), 24)

    # The mouse

    def _seconds(self, x: float) -> float:
        return self._plot.pixel_to_x(x + self.x())

    def _pixels(self) -> tuple[float, float] | None:
        """Where the region's edges are."""
        span = self._region.span
        if span is None:
            return None
        begin, end = (self._plot.x_to_pixel(seconds) - self.x() for seconds in span)
        return begin, end

    def _edge_at(self, x: float) -> int | None:
        """0 for the begin, 1 for the end, None where neither is within reach."""
        edges = self._pixels()
        if edges is None:
            return None
        nearest = min((0, 1), key=lambda k: abs(edges[k] - x))
        return nearest if abs(edges[nearest] - x) <= _REACH else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._anchor = event.position().x()
        edge, span = self._edge_at(self._anchor), self._region.span
        self._fixed = span[1 - edge] if edge is not None and span is not None else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._anchor is None:
            near = self._edge_at(x) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
            return
        if self._fixed is None:
            if abs(x - self._anchor) < QApplication.startDragDistance():
                return
            self._fixed = self._seconds(self._anchor)
        self._region.set(self._fixed, self._seconds(min(max(x, 0.0), float(self.width()))))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._fixed is None and self._anchor is not None:
            self._region.clear()
        self._anchor = self._fixed = None

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        edges = self._pixels()
        if edges is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        name = "accent" if self._loop.isChecked() else "muted"
        area = QRectF(edges[0], 0.0, edges[1] - edges[0], self.height())
        painter.fillRect(area, self._theme.colour(name, 0.16))
        painter.fillRect(QRectF(area.left(), 0.0, area.width(), _BAR), self._theme.colour(name))
        painter.setPen(QPen(self._theme.colour(name), 2))
        for x in edges:
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._plot and event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            QTimer.singleShot(0, self, self._place)  # the plot lays itself out first
        return False
