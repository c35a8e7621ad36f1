"""Curves over t, from noise to music: how alike the new part and the recording are, and lambda."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg

from core.diffusion.lambdas import Curve, lambda_curve
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.views.lambda_points import LambdaPoints, Points
from pianodiff_gui.views.plots import FixedAxis, Plot, line_pen

_FAINT = 0.28
_LEAST_WIDTH = 240  # px
_TICKS = 5


def by_level(visited: list[float], similarities: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The newest similarity at every level, from noise to music. A walk with jumps visits a level many times."""
    newest = dict(zip(visited, similarities, strict=True))
    levels = np.array(sorted(newest, reverse=True))
    return levels, np.array([newest[level] for level in levels])


def level_ticks(top: int) -> list[tuple[float, str]]:
    """What stands below an axis of levels 0..top."""
    levels = np.linspace(0, top, _TICKS).round().astype(int)
    return [(float(t), str(t) if t < top else f"t = {t}") for t in levels]


class LevelPlot(Plot):
    """A plot over t, which runs from right to left, with a line at each of the marks 0 to 1."""

    def __init__(self, theme: Theme, marks: Sequence[float]) -> None:
        left = FixedAxis("left", [(mark, f"{mark:g}") for mark in marks])
        super().__init__(theme, left=left, bottom=pg.AxisItem("bottom"))
        self.plotItem.vb.setMouseEnabled(False, False)
        self.plotItem.vb.invertX(True)
        self.grid = [pg.InfiniteLine(pos=mark, angle=0) for mark in marks]
        for line in self.grid:
            self.addItem(line, ignoreBounds=True)
        theme.changed.connect(self._recolour_grid)
        self._recolour_grid()

    def show_levels(self, top: int, padding: float) -> None:
        """All of 0..top."""
        self.plotItem.vb.setXRange(0, top, padding=padding)
        self.axis("bottom").setTicks([level_ticks(top)])

    def _recolour_grid(self) -> None:
        for line in self.grid:
            line.setPen(line_pen(self.theme, "grid"))


class Curves(LevelPlot):
    """The similarity in each window of one run, that of one of them plain, and lambda, whose points may be dragged."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, (0.0, 0.5, 1.0))
        self.lambda_item = pg.PlotCurveItem(antialias=True)
        self.similarity_item = pg.PlotCurveItem(antialias=True)
        self.past_items: list[pg.PlotCurveItem] = []
        self.marker = pg.InfiniteLine(pos=0)
        self.marker_dot = pg.ScatterPlotItem(size=9)
        self.plotItem.vb.setYRange(-0.03, 1.06, padding=0)
        for item in (self.lambda_item, self.similarity_item, self.marker, self.marker_dot):
            self.addItem(item, ignoreBounds=True)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.points = LambdaPoints(self, theme)
        theme.changed.connect(self._recolour)
        self._recolour()

    # Lambda

    def show_lambda(self, curve: Curve | None, steps: int, top: int, points: Points) -> None:
        """points: those that can be dragged; curve: None where nothing goes by lambda."""
        self.show_levels(top, padding=0.04)
        if curve is None:
            self.lambda_item.setData([], [])
        else:
            self._draw_lambda(curve, steps, top)
        self.points.show(points, top)

    def follow_points(self, points: Points, steps: int) -> None:
        """The curve follows while a point is dragged."""
        self._draw_lambda(points, steps, self.points.top)

    def _draw_lambda(self, curve: Curve, steps: int, top: int) -> None:
        values = lambda_curve(curve, steps)
        self.lambda_item.setData(np.linspace(top - 1, 0, len(values)), values)

    # Similarity

    def show_similarity(self, levels: list[float], similarities: list[float]) -> None:
        """In the window that is looked at."""
        self.similarity_item.setData(*by_level(levels, similarities))

    def add_faint(self, levels: list[float], similarities: list[float]) -> None:
        """In another window."""
        item = pg.PlotCurveItem(*by_level(levels, similarities), antialias=True)
        item.setPen(line_pen(self.theme, "accent", alpha=_FAINT))
        self.past_items.append(item)
        self.addItem(item, ignoreBounds=True)

    def clear_similarity(self) -> None:
        for item in self.past_items:
            self.removeItem(item)
        self.past_items = []
        self.similarity_item.setData([], [])

    # The step that is looked at

    def mark(self, level: float, similarity: float) -> None:
        self.marker.setValue(level)
        self.marker.show()
        self.marker_dot.setData([level], [similarity])
        self.marker_dot.setVisible(not math.isnan(similarity))  # nothing is known: nothing to be alike

    def hide_mark(self) -> None:
        self.marker.hide()
        self.marker_dot.hide()

    def _recolour(self) -> None:
        theme = self.theme
        self.marker.setPen(line_pen(theme, "playhead"))
        self.marker_dot.setPen(line_pen(theme, "surface", width=1.5))
        self.marker_dot.setBrush(theme.colour("accent"))
        self.lambda_item.setPen(line_pen(theme, "muted", width=1.25))
        self.similarity_item.setPen(line_pen(theme, "accent", width=2))
        for item in self.past_items:
            item.setPen(line_pen(theme, "accent", alpha=_FAINT))
