"""A lambda curve drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, choose


def test_a_lambda_curve_is_drawn_by_dragging(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when the points don't stay in order, leave the plot, or what is drawn is not what will be used."""
    view, session = loaded.diffusion, loaded.session
    assert not view.curves.points.handles
    session.choice.set_settings(sampler="interpolation", steps=200)
    choose(loaded.controls.sampler.schedule, "drawn")
    assert len(view.curves.points.handles) == 5 and loaded.controls.sampler.schedule.currentText() == "Drawn by hand"
    top = view.curves.points.top
    middle = view.curves.points.handles[2]
    middle.setPos(-500.0, 0.6)  # far beyond its neighbour at the right
    middle.sigPositionChangeFinished.emit(middle)
    points = session.choice.settings.lambda_schedule
    assert not isinstance(points, str)
    assert points[2] == (0.73, 0.6) and [p for p, _ in points] == sorted(p for p, _ in points)
    first = view.curves.points.handles[0]
    first.setPos(3.0, 7.0)
    first.sigPositionChangeFinished.emit(first)
    assert session.choice.settings.lambda_schedule[0] == (0.0, 1.0)
    levels, values = view.curves.lambda_item.getData()
    assert np.interp(0.27 * (top - 1), levels[::-1], values[::-1]) == pytest.approx(0.6, abs=0.04)
    choose(loaded.controls.sampler.schedule, "reverse")
    assert not view.curves.points.handles


def test_a_double_click_adds_a_point_and_takes_it_away(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.session.choice.set_settings(sampler="interpolation")
    choose(loaded.controls.sampler.schedule, "drawn")
    view = loaded.diffusion
    scene_at = view.curves.plotItem.vb.mapViewToScene(QPointF(0.6 * (view.curves.points.top - 1), 0.5))
    pixel = view.curves.mapFromScene(scene_at)
    qtbot.mouseDClick(view.curves.viewport(), Qt.MouseButton.LeftButton, pos=pixel)
    assert len(loaded.session.choice.settings.lambda_schedule) == 6
    assert loaded.session.choice.settings.lambda_schedule[2] == pytest.approx((0.4, 0.5), abs=0.02)
    qtbot.mouseDClick(view.curves.viewport(), Qt.MouseButton.LeftButton, pos=pixel)
    assert len(loaded.session.choice.settings.lambda_schedule) == 5
