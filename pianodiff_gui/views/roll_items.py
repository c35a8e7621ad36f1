"""What is painted on a piano roll: the rows of the keys, and notes, as many as an hour has, of which only those in view
are looked at. Both paint in the device's own pixels: a row of a few pixels has to be as high as the next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any, cast

import numpy as np
import pyqtgraph as pg
import shiboken6
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from core.notes.note import HIGHEST_KEY, KEYS, LOWEST_KEY, Note

OCTAVE = 12
_BLACK = frozenset((1, 3, 6, 8, 10))
_NAMES = ("C", "C\u266f", "D", "E\u266d", "E", "F", "F\u266f", "G", "A\u266d", "A", "B\u266d", "B")
_SHADES = 6
_FAINTEST = 0.3  # opacity of the softest note
_LEAST_WIDTH = 2  # px
_ONSET_FROM = 7  # px that a note must be wide for its onset to be marked
_ALL_KEYS = (LOWEST_KEY - 0.5, HIGHEST_KEY + 0.5)


def is_black(key: int) -> bool:
    """Whether it is one of the black keys."""
    return key % OCTAVE in _BLACK


def name_of(key: int) -> str:
    """ "C4" for middle C, MIDI 60."""
    return f"{_NAMES[key % OCTAVE]}{key // OCTAVE - 1}"


class NotesItem(pg.GraphicsObject):
    """Notes of one kind, filled, their velocity by shade, or (`hollow`) as outlines."""

    def __init__(self, hollow: bool = False) -> None:
        super().__init__()
        self._hollow = hollow
        self._colour, self._inside = QColor("black"), QColor("black")
        self.set_notes(())

    def set_notes(self, notes: Sequence[Note], marked: Collection[Note] = ()) -> None:
        """Sorted by onset. marked: those that are drawn as chosen."""
        self.prepareGeometryChange()
        self.notes = notes
        count = len(notes)
        onset, offset, key, velocity = (
            np.fromiter(map(attrgetter(name), notes), np.float64, count)
            for name in ("onset", "offset", "key", "velocity")
        )
        self._onset, self._offset, self._key = onset, offset, key
        self._shade = np.minimum(velocity / 128 * _SHADES, _SHADES - 1).astype(np.int64)
        self._marked = np.fromiter((note in marked for note in notes), bool, count) if marked else np.zeros(count, bool)
        self._longest = float((offset - onset).max(initial=0.0))
        begin, end = (float(onset[0]), float(offset.max())) if count else (0.0, 0.0)
        self._bounds = QRectF(begin, _ALL_KEYS[0], end - begin, KEYS)
        self.update()

    def set_colours(self, colour: QColor, inside: QColor) -> None:
        """Of the notes, and of the inside of those that are marked."""
        self._colour, self._inside = colour, inside
        self.update()

    @property
    def span(self) -> tuple[float, ...]:
        """The lowest and the highest key; nothing without notes."""
        return (float(self._key.min()), float(self._key.max())) if len(self._key) else ()

    def seen(self, begin: float, end: float) -> np.ndarray:
        """Indices of the notes that sound somewhere between two times."""
        first = int(np.searchsorted(self._onset, begin - self._longest))
        last = int(np.searchsorted(self._onset, end, side="right"))
        return first + np.flatnonzero(self._offset[first:last] >= begin)

    def at(self, seconds: float, key: int, reach: float = 0.0) -> Note | None:
        """The note that sounds there, of several the one that began last; one that ended `reach` before counts too."""
        near = self.seen(seconds - reach, seconds)
        hit = near[self._key[near] == key]
        return self.notes[int(hit[-1])] if len(hit) else None

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        view = self.getViewBox().viewRange()
        near = self.seen(*view[0])
        near = near[(self._key[near] > view[1][0] - 1) & (self._key[near] < view[1][1] + 1)]
        if not len(near):
            return
        to_pixels = painter.transform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        left = np.floor(self._onset[near] * to_pixels.m11() + to_pixels.dx()).astype(np.int64)
        right = np.floor(self._offset[near] * to_pixels.m11() + to_pixels.dx()).astype(np.int64)
        top, bottom = (
            np.floor((self._key[near] + side) * to_pixels.m22() + to_pixels.dy()).astype(np.int64)
            for side in (0.5, -0.5)
        )
        # A note may begin and end far outside of the view: painting counts pixels in 32 bits.
        edge = round(view[0][0] * to_pixels.m11() + to_pixels.dx()) - 100
        width = round((view[0][1] - view[0][0]) * to_pixels.m11()) + 200
        left, right = np.clip(left, edge, edge + width), np.clip(right, edge, edge + width)
        rows = np.stack([left, top, np.maximum(right - left, _LEAST_WIDTH), np.maximum(bottom - top - 1, 1)], axis=1)
        if self._hollow:
            self._paint_outlines(painter, rows)
        else:
            self._paint_filled(painter, rows, near)
        painter.restore()

    def _paint_outlines(self, painter: QPainter, rows: np.ndarray) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._colour, 1))
        # A pen's line lies outside of a rectangle at its right and bottom.
        _draw(painter, rows - (0, 0, 1, 1))

    def _paint_filled(self, painter: QPainter, rows: np.ndarray, near: np.ndarray) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        shades, colour = self._shade[near], QColor(self._colour)
        for shade in range(_SHADES):
            colour.setAlphaF(_FAINTEST + (1 - _FAINTEST) * shade / (_SHADES - 1))
            _fill(painter, colour, rows[shades == shade])
        long = rows[rows[:, 2] >= _ONSET_FROM]
        _fill(painter, self._colour, np.column_stack([long[:, :2], np.full(len(long), 2), long[:, 3]]))
        marked = rows[self._marked[near]]
        if len(marked):
            painter.setBrush(self._inside)
            pen = QPen(self._colour, 2)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            _draw(painter, marked)


def _fill(painter: QPainter, colour: QColor, rows: np.ndarray) -> None:
    painter.setBrush(colour)
    _draw(painter, rows)


def _draw(painter: QPainter, rows: np.ndarray) -> None:
    """Rectangles (n, 4): left, top, width, height. A QRectF is four doubles, and Qt takes an array of them as it is:
    one Python object for each would take longer than all the rest.
    """
    rectangles = np.ascontiguousarray(rows, np.float64)
    if len(rectangles):
        first = cast(QRectF, shiboken6.wrapInstance(rectangles.ctypes.data, QRectF))
        painter.drawRects(first, len(rectangles))


class RowsItem(pg.GraphicsObject):
    """A stripe for each black key, and a line below each C."""

    def __init__(self) -> None:
        super().__init__()
        self._stripe, self._line = QColor("white"), QColor("white")
        self.setZValue(-30)

    def set_colours(self, stripe: QColor, line: QColor) -> None:
        self._stripe, self._line = stripe, line
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewRangeChanged(self) -> None:
        """The bounds are those of the view."""
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        view, to_pixels = self.viewRect(), painter.transform()
        left, right = (round(x * to_pixels.m11() + to_pixels.dx()) for x in (view.left(), view.right()))
        painter.save()
        painter.resetTransform()
        for key in range(LOWEST_KEY, HIGHEST_KEY + 1):
            top, bottom = (int(np.floor((key + side) * to_pixels.m22() + to_pixels.dy())) for side in (0.5, -0.5))
            if is_black(key):
                painter.fillRect(left, top, right - left, bottom - top, self._stripe)
            elif key % OCTAVE == 0:
                painter.fillRect(left, bottom - 1, right - left, 1, self._line)
        painter.restore()
