"""The keys of a piano at the left of the roll: they say which row is which, and sound when they are pressed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QGraphicsSceneWheelEvent, QWidget

from core.notes.note import HIGHEST_KEY, LOWEST_KEY
from pianodiff_gui.look.theme import Theme, font
from pianodiff_gui.views.roll_items import OCTAVE, is_black, name_of

_BLACK_LENGTH = 0.6  # of a white key's
_NAMED_FROM = 3.0  # px of a row: an octave is high enough for a name then
_NAME = 12  # px
_ROOM_LEFT = 4  # px


class KeyboardAxis(pg.AxisItem):
    """Stands where the scale of other plots does, and is as wide."""

    pressed = Signal(int)  # MIDI number of a key
    scrolled = Signal(float, bool)  # notches of the wheel; with Ctrl

    def __init__(self, theme: Theme) -> None:
        super().__init__("left")
        self._theme = theme
        self._down: int | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click: hear a key. Wheel: other keys, with Ctrl: more or fewer of them.")

    def key_at(self, position: QPointF) -> int:
        """The key at a place within this item. Between white keys, as between rows, the black one."""
        (low, high), area = self.range, self.mapRectFromParent(self.geometry())
        at = high - (position.y() - area.top()) / max(1.0, area.height()) * (high - low)
        return int(min(max(round(at), LOWEST_KEY), HIGHEST_KEY))

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self._press(self.key_at(event.pos()))
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Held, and over another key: that one sounds."""
        if self._down is not None and self.key_at(event.pos()) != self._down:
            self._press(self.key_at(event.pos()))

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self._down = None
        self.update()

    def _press(self, key: int) -> None:
        self._down = key
        self.pressed.emit(key)
        self.update()

    def wheelEvent(self, event: QGraphicsSceneWheelEvent) -> None:
        event.accept()
        held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self.scrolled.emit(event.delta() / 120, held)

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        low, high = self.range
        area = self.mapRectFromParent(self.geometry())
        row = area.height() / (high - low)
        right, width = area.right(), area.width() - _ROOM_LEFT
        theme = self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

        def top_of(key: float) -> float:
            return float(area.top() + (high - key - 0.5) * row)

        painter.setClipRect(area)
        painter.fillRect(QRectF(right - width, area.top(), width, area.height()), theme.colour("key_white"))
        painter.setPen(QPen(theme.colour("border"), 1))
        for key in range(max(LOWEST_KEY, int(low) - 1), min(HIGHEST_KEY, int(high) + 1) + 1):
            top = top_of(key)
            if key == self._down:
                length = width * (_BLACK_LENGTH if is_black(key) else 1.0)
                painter.fillRect(QRectF(right - width, top, length, row), theme.colour("accent"))
            elif is_black(key):
                painter.fillRect(QRectF(right - width, top, width * _BLACK_LENGTH, row), theme.colour("key_black"))
            if is_black(key):  # the white keys at its sides meet in its middle
                at = np.floor(top + row / 2)
                painter.drawLine(QPointF(right - width * (1 - _BLACK_LENGTH), at), QPointF(right, at))
            elif key % OCTAVE in (4, 11):  # E and B: no black key above
                painter.drawLine(QPointF(right - width, np.floor(top)), QPointF(right, np.floor(top)))
        painter.drawLine(QPointF(right - width, area.top()), QPointF(right - width, area.bottom()))
        if row >= _NAMED_FROM:
            painter.setFont(font(7.75, tabular=True))
            painter.setPen(theme.colour("text"))
            for key in range(LOWEST_KEY + 3, HIGHEST_KEY + 1, OCTAVE):
                place = QRectF(area.left(), top_of(key) + row / 2 - _NAME / 2, area.width() - 3, _NAME)
                if not area.contains(place):
                    continue
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name_of(key))
