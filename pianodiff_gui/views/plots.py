"""What all plots share: colours from the theme, axes of one width, zoom and pan along time only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import AXIS_WIDTH, GRID, Theme, font

pg.setConfigOptions(antialias=False)

_ZOOM = 1.18  # per notch of the wheel


def line_pen(theme: Theme, colour: str, width: float = 1.0, alpha: float = 1.0) -> QPen:
    """A pen of `width` logical pixels: pyqtgraph's count device pixels, too fine for a line on a dense screen."""
    screen = QGuiApplication.primaryScreen()
    ratio = screen.devicePixelRatio() if screen is not None else 1.0
    pen: QPen = pg.mkPen(theme.colour(colour, alpha), width=width * ratio)
    return pen


class TimeAxis(pg.AxisItem):
    """Minutes and seconds."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        decimals = 0 if spacing >= 1 else max(0, math.ceil(-math.log10(spacing) - 1e-9))
        return [wording.clock(value, decimals) for value in values]


class OffsetAxis(pg.AxisItem):
    """Seconds before and after a boundary at 0."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return ["0" if abs(value) < 1e-9 else f"{value:+g} s".replace("-", "\u2212") for value in values]


class FixedAxis(pg.AxisItem):
    """An axis whose labels are given, [(position, text)]; those of `between` only where there is room."""

    def __init__(
        self, orientation: str, labels: list[tuple[float, str]], between: list[tuple[float, str]] | None = None
    ) -> None:
        super().__init__(orientation)
        self.setTicks([labels, between or []])


class TimeViewBox(pg.ViewBox):
    """Wheel zooms time around the cursor, dragging pans it (with Shift it selects), a click is reported. The vertical
    range is fixed.
    """

    clicked = Signal(float)  # seconds
    zoomed = Signal()
    selected = Signal(float, float)  # seconds, from where the drag began to where it is now

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)
        self.setDefaultPadding(0)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        delta = event.delta()
        if delta:
            self.zoom(_ZOOM ** (-delta / 120), self.mapSceneToView(event.scenePos()).x())
        event.accept()

    def zoom(self, factor: float, centre: float | None = None) -> None:
        """Scale the visible span by `factor` (below 1 zooms in) and keep `centre` (s) where it is."""
        low, high = self.viewRange()[0]
        middle = (low + high) / 2 if centre is None else centre
        self.setXRange(middle + (low - middle) * factor, middle + (high - middle) * factor, padding=0)
        self.zoomed.emit()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            ends = (event.buttonDownScenePos(), event.scenePos())
            self.selected.emit(*(float(self.mapSceneToView(end).x()) for end in ends))
            return
        step = self.mapSceneToView(event.lastScenePos()).x() - self.mapSceneToView(event.scenePos()).x()
        self.translateBy(x=step)
        self.zoomed.emit()

    def mouseClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.clicked.emit(float(self.mapSceneToView(event.scenePos()).x()))


class EnvelopeItem(pg.GraphicsObject):
    """A waveform as the filled outline of its minima and maxima: two points a column, no antialiasing. It may have
    holes, and is then several outlines.
    """

    def __init__(self) -> None:
        super().__init__()
        self._polygons: list[QPolygonF] = []
        self._bounds = QRectF()
        self._pen = pg.mkPen("k", width=1)
        self._brush = pg.mkBrush("k")

    def set_colour(self, colour: Any) -> None:
        self._pen = pg.mkPen(colour, width=1)
        self._brush = pg.mkBrush(colour)
        self.update()

    def set_data(self, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """x: (n,) positions, ascending; low, high: (n,)."""
        self.set_pieces([(x, low, high)])

    def set_pieces(self, pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
        """Each as in `set_data`."""
        self.prepareGeometryChange()
        self._polygons, self._bounds = [], QRectF()
        for x, low, high in pieces:
            if len(x) == 0:
                continue
            xs = np.concatenate([x, x[::-1]]).astype(np.float64)
            ys = np.concatenate([high, low[::-1]]).astype(np.float64)
            self._polygons.append(pg.functions.arrayToQPolygonF(xs, ys))
            bottom, top = float(low.min()), float(high.max())
            width = max(float(x[-1] - x[0]), 1e-9)
            self._bounds |= QRectF(float(x[0]), bottom, width, max(top - bottom, 1e-9))
        self.update()

    @property
    def points(self) -> int:
        return sum(polygon.size() for polygon in self._polygons)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self._pen)
        painter.setBrush(self._brush)
        for polygon in self._polygons:
            painter.drawPolygon(polygon)


class Plot(pg.PlotWidget):
    """A plot in the theme's colours with a left axis of the common width."""

    def __init__(
        self,
        theme: Theme,
        view_box: pg.ViewBox | None = None,
        left: pg.AxisItem | None = None,
        bottom: pg.AxisItem | None = None,
        show_bottom: bool = True,
    ) -> None:
        axes: dict[str, pg.AxisItem] = {}
        if left is not None:
            axes["left"] = left
        if bottom is not None:
            axes["bottom"] = bottom
        super().__init__(viewBox=view_box, axisItems=axes, enableMenu=False)
        self.theme = theme
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click ends typing in a field
        # Files are dropped on the window; a graphics view would swallow them.
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        item = self.plotItem
        item.hideButtons()
        item.layout.setContentsMargins(0, 0, 2 * GRID, 0)
        item.showAxis("bottom", show_bottom)
        self.axis("left").setWidth(AXIS_WIDTH)
        for name in ("left", "bottom"):
            axis = self.axis(name)
            axis.setStyle(tickLength=0, tickTextOffset=6, autoReduceTextSpace=False, hideOverlappingLabels=False)
            axis.setTickFont(font(8.25, tabular=True))
        if show_bottom:
            self.axis("bottom").setHeight(24)
        theme.changed.connect(self.restyle)
        self.restyle()

    def axis(self, name: str) -> pg.AxisItem:
        return self.plotItem.getAxis(name)

    def restyle(self) -> None:
        """Take over the theme's colours."""
        self.setBackground(self.theme.colour("surface"))
        for name in ("left", "bottom"):
            self.axis(name).setTextPen(self.theme.colour("muted"))
            self.axis(name).setPen(self.theme.colour("hairline"))

    def x_to_pixel(self, x: float) -> float:
        """Horizontal pixel in this widget of the plot's x."""
        return float(self.mapFromScene(self.plotItem.vb.mapViewToScene(QPointF(x, 0))).x())

    def pixel_to_x(self, pixel: float) -> float:
        return float(self.plotItem.vb.mapSceneToView(self.mapToScene(round(pixel), 0)).x())

    def area(self) -> QRectF:
        """Where the data is drawn, in this widget's pixels."""
        rect = self.plotItem.vb.sceneBoundingRect()
        return QRectF(self.mapFromScene(rect.topLeft()), self.mapFromScene(rect.bottomRight()))


class Swatch(QLabel):
    """A legend entry: a small mark and its name."""

    def __init__(self, theme: Theme, colour: str, text: str, shape: str = "bar", tip: str = "") -> None:
        super().__init__()
        self.setToolTip(tip)
        self._theme, self._colour, self._text, self._shape = theme, colour, text, shape
        self._take = 0
        self.setFont(font(8.5))
        theme.changed.connect(self._draw)
        self._draw()

    def show_take(self, number: int) -> None:
        """Take the colour of that take."""
        self._take = number
        self._draw()

    def _draw(self) -> None:
        p = self._theme.palette
        mark = {"bar": "\u25ac", "dot": "\u25cf", "square": "\u25a0", "frame": "\u25a1"}[self._shape]
        colour = self._theme.take_colour(self._take).name() if self._take else getattr(p, self._colour)
        self.setText(
            f'<span style="color:{colour}">{mark}</span>&nbsp;<span style="color:{p.muted}">{self._text}</span>'
        )


class Strip(QWidget):
    """One row of the window: a title with a legend to the right of it, and a plot that fills the rest."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = QLabel(title)
        self.title.setFont(font(9.5, font().Weight.DemiBold))
        self.note = ElidedLabel()
        self.note.setProperty("role", "muted")
        self.note.setFont(font(8.75, tabular=True))
        self.legend = QHBoxLayout()
        self.legend.setSpacing(2 * GRID)
        self.head = QWidget()
        head = QHBoxLayout(self.head)
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID // 2)
        head.setSpacing(2 * GRID)
        head.addWidget(self.title)
        head.addWidget(self.note)
        head.addStretch(1)
        head.addLayout(self.legend)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.body.addWidget(self.head)
