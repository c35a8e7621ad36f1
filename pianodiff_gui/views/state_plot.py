"""The picture of x_t: what is known of it, what is new, and its level."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from pianodiff_gui.look.theme import AXIS_WIDTH, GRID, Theme, font
from pianodiff_gui.session.jobs import Frame
from pianodiff_gui.session.outline import Outline
from pianodiff_gui.views.plots import EnvelopeItem, FixedAxis, OffsetAxis, Plot, line_pen

_AIR = 1.1  # height of the picture of x_t over its largest sample
_SETTLE = 0.4  # s in which that height follows
_LEAST_PEAK = 1e-6


class Height:
    """How high a running job is drawn: it follows the noise down, so that the music in it fills the plot at every
    level.
    """

    def __init__(self) -> None:
        self._peak = 0.0
        self._drawn = 0.0  # s into the run, of the last picture

    def start_over(self) -> None:
        """The next picture is of another window."""
        self._peak = 0.0

    def follow(self, frame: Frame) -> float:
        """The largest sample that has to fit."""
        goal = max(frame.outline.peak, _LEAST_PEAK)
        gone = frame.elapsed - self._drawn
        self._drawn = frame.elapsed
        follow = 1.0 if self._peak == 0.0 or frame.level <= 0 else 1.0 - math.exp(-gone / _SETTLE)
        self._peak += follow * (goal - self._peak)
        return max(goal, self._peak)


class StatePlot(Plot):
    """Draws one state at a time."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, left=FixedAxis("left", [(0.0, "0")]), bottom=OffsetAxis("bottom"))
        self.plotItem.vb.setMouseEnabled(False, False)
        self.zero = pg.InfiniteLine(pos=0, angle=0)
        self.boundary, self.far_boundary = pg.InfiniteLine(pos=0), pg.InfiniteLine()
        self.playhead = pg.InfiniteLine(pos=0)
        self.playhead.hide()
        self.known_item, self.new_item, self.after_item = EnvelopeItem(), EnvelopeItem(), EnvelopeItem()
        lines = (self.boundary, self.far_boundary, self.playhead)
        for item in (self.zero, self.known_item, self.new_item, self.after_item, *lines):
            self.addItem(item, ignoreBounds=True)
        self.level = QLabel(self)
        self.level.setFont(font(13, font().Weight.DemiBold, tabular=True))
        self.level.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.level.move(AXIS_WIDTH + GRID, 0)
        theme.changed.connect(self._recolour)
        self._recolour()

    def clear_state(self) -> None:
        """Show nothing yet."""
        self.show_level("")
        for item in (self.known_item, self.new_item, self.after_item):
            item.set_data(np.zeros(0), np.zeros(0), np.zeros(0))

    def show_level(self, text: str) -> None:
        self.level.setText(text)
        self.level.adjustSize()

    def draw(self, drawing: Outline, peak: float = 0.0) -> None:
        """The picture of a signal, as high as `peak`, or else as it is itself."""
        peak = peak or max(drawing.peak, _LEAST_PEAK)
        parts = (drawing.before, drawing.new, drawing.after)
        for item, part in zip((self.known_item, self.new_item, self.after_item), parts, strict=True):
            item.set_data(part.seconds, part.low, part.high)
        ends = [part.seconds[[0, -1]] for part in parts if len(part.seconds)]
        box = self.plotItem.vb
        if ends:
            box.setXRange(float(np.min(ends)), float(np.max(ends)), padding=0)
        box.setYRange(-_AIR * peak, _AIR * peak, padding=0)
        self.boundary.setVisible(len(drawing.before.seconds) > 0)
        behind = drawing.after.seconds
        self.far_boundary.setVisible(len(behind) > 0)
        if len(behind):
            self.far_boundary.setValue(float(behind[0]))

    def _recolour(self) -> None:
        theme = self.theme
        for item in (self.known_item, self.after_item):
            item.set_colour(theme.colour("ink"))
        self.new_item.set_colour(theme.colour("accent"))
        self.zero.setPen(line_pen(theme, "hairline"))
        for line in (self.boundary, self.far_boundary):
            line.setPen(line_pen(theme, "boundary"))
        self.playhead.setPen(line_pen(theme, "playhead"))
        self.level.setStyleSheet(
            f"color: {theme.palette.accent_ink}; background: {theme.palette.surface};"
            "padding: 0 6px; border-radius: 4px;"
        )
