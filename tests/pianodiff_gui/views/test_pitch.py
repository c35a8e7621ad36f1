"""The marks of the pitch view."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from core.analysis.pitch import PitchTrack
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.views.pitch import PitchDots
from pianodiff_gui.views.plots import Plot, TimeViewBox


def test_colours_that_come_back_cost_nothing(qtbot: QtBot, theme: Theme) -> None:
    """Breaks when pyqtgraph's pictures of the marks grow with every run and every take that is looked at."""
    plot = Plot(theme, TimeViewBox())
    qtbot.addWidget(plot)
    dots = PitchDots(plot, "o")
    times = np.linspace(0, 1, 50)
    dots.append(PitchTrack(times, np.full(50, 440, np.float32), np.linspace(0, 0.45, 50, dtype=np.float32)))
    colours = [QColor("#204080"), QColor("#c04000")]

    def pictures() -> int:
        return sum(len(item.fragmentAtlas._coords) for item in dots.items)

    counts = []
    for turn in range(6):
        dots.recolour(colours[turn % 2])
        dots.draw(0.0, 1.0, 400)
        counts.append(pictures())
    assert counts[1] > 0
    assert counts[1:] == [counts[1]] * 5
    assert {item.opts["brush"].color().alpha() for item in dots.items} == {255, 191, 128, 77, 38}
    assert all(item.opts["pen"].style() == pg.QtCore.Qt.PenStyle.NoPen for item in dots.items)
