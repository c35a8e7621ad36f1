"""The KS similarity of a duel's contenders over t, each in its colour."""

from __future__ import annotations

import pyqtgraph as pg

from pianodiff_gui.duel.duel import Contender
from pianodiff_gui.look.theme import GRID, Theme
from pianodiff_gui.views.curves import LevelPlot, by_level
from pianodiff_gui.views.plots import Strip, line_pen

_LEAST, _MOST = 15 * GRID, 21 * GRID  # px
_MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of KS similarity


class SimilarityStrip(Strip):
    """Draws the contenders that it was told of."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("KS similarity over t")
        self._theme = theme
        self._shown: tuple[Contender, ...] = ()
        self.note.setText("from noise to music; 1 is alike")
        self.curves = LevelPlot(theme, _MARKS)
        self.curve_items: dict[tuple[int, int], pg.PlotCurveItem] = {}  # by contender's number and window
        self.body.addWidget(self.curves, 1)
        self.setMinimumHeight(_LEAST)
        self.setMaximumHeight(_MOST)
        theme.changed.connect(self._recolour)

    def show_contenders(self, contenders: tuple[Contender, ...]) -> None:
        """Start over with these, none of which has a curve yet."""
        for item in self.curve_items.values():
            self.curves.removeItem(item)
        self.curve_items = {}
        self._shown = contenders
        if contenders:
            self.curves.show_levels(contenders[0].job.network.levels, padding=0.02)
            self._scale()

    def draw(self, contender: Contender) -> None:
        """One curve a window; that of the last one plain, the others faint."""
        self._scale()
        last = contender.frame
        for window, frame in contender.pictures.items():
            key = (contender.number, window)
            item = self.curve_items.get(key)
            if item is None:
                item = self.curve_items[key] = pg.PlotCurveItem(antialias=True)
                self.curves.addItem(item, ignoreBounds=True)
                self._colour(contender)
            if frame is last:
                item.setData(*by_level(frame.levels.tolist(), frame.similarities.tolist()))

    def _scale(self) -> None:
        """Show the marks down to the one below all curves: good samplers differ by little."""
        frames = [frame for contender in self._shown for frame in contender.pictures.values()]
        least = min((float(frame.similarities.min()) for frame in frames), default=_MARKS[-2])
        mark = max((mark for mark in _MARKS[:-1] if mark <= least), default=0.0)
        height = 1.0 - mark
        self.curves.plotItem.vb.setYRange(mark - 0.03 * height, 1.0 + 0.06 * height, padding=0)

    def _colour(self, contender: Contender) -> None:
        newest = max(contender.pictures, default=0)
        for (number, window), item in self.curve_items.items():
            if number == contender.number:
                pen = line_pen(self._theme, "accent", width=2 if window == newest else 1)
                pen.setColor(self._theme.take_colour(contender.colour, 1.0 if window == newest else 0.35))
                item.setPen(pen)

    def _recolour(self) -> None:
        for contender in self._shown:
            self._colour(contender)
