"""The handles over the waveform: at its edges they set how much is made, at a selection's edges what is filled."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from pianodiff_gui.look.theme import GRID, Theme, font


class Handle(QWidget):
    """A vertical line with a grip. It reports where it is dragged to, in pixels of its parent, and decides nothing.

    side: on which side of it its label stands where there is room, 1 for the right, -1 for the left.
    """

    WIDTH = 24

    grabbed = Signal()
    dragged = Signal(float)
    released = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget, name: str, tip: str, side: int = 1) -> None:
        super().__init__(parent)
        self._theme, self._side = theme, side
        self._grab: float | None = None
        self.label = QLabel(parent)
        self.label.setFont(font(9.25, font().Weight.DemiBold, tabular=True))
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setMouseTracking(True)
        self.setToolTip(tip)
        self.setAccessibleName(name)
        theme.changed.connect(self.restyle)
        self.restyle()
        self.hide()

    @property
    def dragging(self) -> bool:
        return self._grab is not None

    def restyle(self) -> None:
        p = self._theme.palette
        self.label.setStyleSheet(
            f"background: {p.accent}; color: {p.accent_text}; border-radius: 5px; padding: 2px 7px;"
        )
        self.update()

    def place(self, x: float, area: QRectF, text: str) -> None:
        """Stand at pixel `x` of the parent over the height of `area`; hidden outside of it. No text, no label."""
        visible = area.left() - 1 <= x <= area.right() + 1 and area.height() > 0
        self.setVisible(visible or self.dragging)
        self.label.setVisible(visible and bool(text))
        if not visible:
            return
        self.setGeometry(round(x - self.WIDTH / 2), round(area.top()), self.WIDTH, round(area.height()))
        self.label.setText(text)
        self.label.adjustSize()
        right, left = x + GRID, x - GRID - self.label.width()
        if self._side > 0:
            left = right if right + self.label.width() <= area.right() else left
        elif left < area.left():
            left = right
        self.label.move(round(left), round(area.top()) + GRID)
        self.raise_()
        self.label.raise_()

    def put_away(self) -> None:
        """Hide it with its label."""
        self.hide()
        self.label.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grab = event.position().x() - self.WIDTH / 2
            self.grabbed.emit()
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None:
            self.dragged.emit(self._parent_x(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None and event.button() == Qt.MouseButton.LeftButton:
            x = self._parent_x(event)
            self._grab = None
            self.released.emit(x)
            self.update()

    def _parent_x(self, event: QMouseEvent) -> float:
        return self.mapToParent(event.position()).x() - (self._grab or 0.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        accent = self._theme.colour("accent")
        middle = self.WIDTH / 2
        painter.setPen(QPen(accent, 1))
        painter.drawLine(QPointF(middle, 0), QPointF(middle, self.height()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        grip = QRectF(middle - 7, self.height() / 2 - 18, 14, 36)
        painter.setPen(QPen(self._theme.colour("surface"), 1.5))
        painter.setBrush(self._theme.colour("accent_hover") if self.underMouse() or self.dragging else accent)
        painter.drawRoundedRect(grip, 6, 6)
        painter.setPen(QPen(QColor(self._theme.palette.accent_text), 1.25))
        for x in (middle - 2.25, middle + 2.25):
            painter.drawLine(QPointF(x, grip.center().y() - 6), QPointF(x, grip.center().y() + 6))
        painter.end()
