"""The windows of the next run as rows: what each hears and what it writes (the paper's Fig. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.extension.plan import Plan, Window
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import GRID, Theme, font

_ROWS = 5
_LEAST_ROW = 18  # px, or its numbers would be cut off
_HIGHEST_ROW = 34.0  # px


@dataclass(frozen=True)
class Row:
    """Where a window lies, in frames from where the first one's new part begins: it hears from `begin` to `seam` and
    from `end` to `last`, and writes what is between.
    """

    begin: int
    seam: int
    end: int
    last: int


def rows_of(windows: Sequence[Window]) -> list[Row]:
    """A row for each of them."""
    return [
        Row(at - window.context_frames, at, at + window.new_frames, at + window.new_frames + window.after_frames)
        for at, window in zip(new_parts(windows), windows, strict=True)
    ]


def new_parts(windows: Sequence[Window]) -> list[int]:
    """Where each window's new part begins, in frames from where the first one's does. A prelude grows to the left."""
    lengths = [window.new_frames for window in windows]
    if windows[0].after_frames and not windows[0].context_frames:
        return [lengths[0] - sum(lengths[: k + 1]) for k in range(len(lengths))]
    return [sum(lengths[:k]) for k in range(len(lengths))]


def rows_shown(windows: int, height: float) -> int:
    """How many there is room for; where not all fit, a line that says so is left room as well."""
    slots = max(1, min(_ROWS + 1, int(height // _LEAST_ROW)))
    return windows if windows <= min(_ROWS, slots) else max(1, min(_ROWS, slots - 1))


class PlanDiagram(QWidget):
    """Draws the rows for which there is room."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._plan: Plan | None = None
        self._rate = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def show_plan(self, plan: Plan | None, sample_rate: int) -> None:
        self._plan, self._rate = plan, sample_rate
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._plan is None:
            return
        windows = self._plan.windows
        shown = windows[: rows_shown(len(windows), self.height())]
        more = len(windows) - len(shown)
        rows = rows_of(shown)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(8.5, tabular=True))
        pitch = min(_HIGHEST_ROW, self.height() / (len(rows) + (1 if more else 0)))
        bar = max(4.0, pitch - 8)
        label = QFontMetricsF(painter.font()).horizontalAdvance("00 s") + 2 * GRID
        width = self.width() - 2 * label
        left = min(row.begin for row in rows)
        scale = width / max(1, max(row.last for row in rows) - left)
        for index, row in enumerate(rows):
            first, seam, end, last = (
                label + (edge - left) * scale for edge in (row.begin, row.seam, row.end, row.last)
            )
            y = index * pitch
            self._write(painter, QRectF(first - label, y, label - GRID, bar), str(index + 1), right=True)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("ink", 0.28))
            for low, high in ((first, seam - 1), (end + 1, last)):
                if high > low:
                    painter.drawRoundedRect(QRectF(low, y, high - low, bar), 3, 3)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(QRectF(seam, y, max(2.0, end - seam), bar), 3, 3)
            seconds = f"{(row.end - row.seam) / self._rate:.1f} s"
            self._write(painter, QRectF(last + GRID, y, label, bar), seconds)
        if more:
            text = f"\u2026 and {wording.count(more, 'more window')} like these"
            self._write(painter, QRectF(label, len(rows) * pitch, width, bar), text)
        painter.end()

    def _write(self, painter: QPainter, where: QRectF, text: str, right: bool = False) -> None:
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(where, side | Qt.AlignmentFlag.AlignVCenter, text)
