"""The level meter: two bars over a scale in dB, with the highest peak held and a light for clipping."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pianodiff_gui.look.theme import Theme, font
from pianodiff_gui.sound.ballistics import FLOOR, Ballistics

_WIDTH, _HEIGHT = 128, 34
_BAR, _GAP, _TOP = 5.0, 2.0, 5.0  # px
_LIGHT = 10.0  # px, of the clip light at the right
_TICKS = (-48, -36, -24, -12, 0)  # dB
_HOT = -6.0  # dB: from here on the bar has the colour of a warning


class LevelMeter(QWidget):
    """Draws what it is given. A click puts the clip light out."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.channels = (Ballistics(), Ballistics())
        self.setFixedSize(QSize(_WIDTH, _HEIGHT))
        self.setAccessibleName("Level meter")
        theme.changed.connect(self.update)
        self._describe()

    @property
    def resting(self) -> bool:
        """Whether nothing moves any more."""
        return all(channel.resting for channel in self.channels)

    @property
    def clipped(self) -> bool:
        """Whether the light is on."""
        return any(channel.clipped for channel in self.channels)

    def advance(self, peaks: Sequence[float], seconds: float) -> None:
        """`seconds` have passed, in which `peaks` were the largest magnitudes on the left and on the right."""
        for channel, peak in zip(self.channels, peaks, strict=True):
            channel.advance(peak, seconds)
        self._describe()
        self.update()

    def reset(self) -> None:
        """Put the clip light out."""
        for channel in self.channels:
            channel.clipped = False
        self._describe()
        self.update()

    def _describe(self) -> None:
        held = max(channel.held for channel in self.channels)
        words = "Silent" if held <= FLOOR else f"Peak {held:.0f} dB".replace("-", "\u2212")
        if self.clipped:
            words += ", clipped. Click to put the light out"
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            self.setToolTip(f"Level of what is heard. {words}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset()

    def _x(self, level: float) -> float:
        return 1.0 + (self.width() - _LIGHT - 12.0) * (level - FLOOR) / -FLOOR

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        for row, channel in enumerate(self.channels):
            top = _TOP + row * (_BAR + _GAP)
            painter.fillRect(QRectF(self._x(FLOOR), top, self._x(0) - self._x(FLOOR), _BAR), theme.colour("hairline"))
            for colour, low, high in (("accent", FLOOR, _HOT), ("warning", _HOT, 0.0)):
                if channel.level > low:
                    width = self._x(min(channel.level, high)) - self._x(low)
                    painter.fillRect(QRectF(self._x(low), top, width, _BAR), theme.colour(colour))
            if channel.held > FLOOR:
                held = QRectF(self._x(min(channel.held, 0.0)) - 1, top, 2, _BAR)
                painter.fillRect(held, theme.colour("warning" if channel.held > _HOT else "text"))
            light = QRectF(self.width() - _LIGHT, top, _LIGHT - 2, _BAR)
            painter.fillRect(light, theme.colour("boundary" if channel.clipped else "hairline"))
        self._draw_scale(painter)
        painter.end()

    def _draw_scale(self, painter: QPainter) -> None:
        painter.setFont(font(6.75, tabular=True))
        bottom = _TOP + 2 * _BAR + _GAP
        for tick in _TICKS:
            x = self._x(tick)
            painter.setPen(QPen(self._theme.colour("border"), 1))
            painter.drawLine(QPointF(x, bottom + 1), QPointF(x, bottom + 3))
            painter.setPen(self._theme.colour("muted"))
            place = QRectF(x - 12, bottom + 3, 24, self.height() - bottom - 3)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, f"{abs(tick)}")
