"""Samplers in the window: the user's own file, the solver, and a lambda curve drawn by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.diffusion.samplers import SAMPLERS
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, run_to_end

OWN = '''"""Mine alone."""
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import Settings


def evaluations(steps):
    return 2 * steps


def sample(denoiser, known, keep, steps, noise):
    yield from SAMPLERS["decoupled"].run(denoiser, known, keep, Settings(steps=2 * steps), noise)
'''


def choose(box: object, data: str) -> None:
    index = box.findData(data)  # type: ignore[attr-defined]
    assert index >= 0, f"{data} is not in the menu"
    box.setCurrentIndex(index)  # type: ignore[attr-defined]
    box.activated.emit(index)  # type: ignore[attr-defined]


def pick_file(monkeypatch: pytest.MonkeyPatch, window: MainWindow, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_kwargs: (str(path), ""))
    window.commands["sampler"].trigger()


def test_every_sampler_is_in_the_menu_with_what_it_costs(loaded: MainWindow) -> None:
    """Breaks when one can't be chosen, or the panel shows the cost or the options of another."""
    controls = loaded.controls
    loaded.session.choice.set_settings(steps=30)
    for name, sampler in SAMPLERS.items():
        choose(controls.sampler.menu, name)
        settings = loaded.session.choice.settings
        assert settings.sampler == name and controls.sampler.menu.currentText() == sampler.title
        plan = loaded.session.plan()
        assert plan is not None and plan.cost_per_window == sampler.cost(settings)
        assert controls.foot.cost_values[2].isVisible() == (plan.gradients > 0)
        assert controls.sampler.rows["solver"].isVisible() == ("solver" in sampler.options)
        assert not controls.sampler.rows["eta"].isVisible()
    choose(controls.sampler.menu, "replacement")
    choose(controls.sampler.solver, "ddim")
    assert controls.sampler.rows["eta"].isVisible() and controls.sampler.eta.minimum() > 0  # 0 is refused by the engine
    controls.sampler.eta.setValue(0.4)
    assert loaded.session.choice.settings.eta == 0.4


def test_a_sampler_of_ones_own_is_used_remembered_and_run(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    loaded.session.choice.set_settings(steps=4)
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)
    assert loaded.controls.sampler.menu.currentText() == "mine.py"
    assert loaded.controls.foot.cost_values[1].text() == "8"
    assert Preferences().samplers == (str(path),)
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == 2.0
    choose(loaded.controls.sampler.menu, "repaint")
    choose(loaded.controls.sampler.menu, str(path))
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)


def test_a_file_that_is_no_sampler_is_told_and_changes_nothing(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    before = loaded.session.choice.settings.sampler
    path = tmp_path / "broken.py"
    path.write_text("def sample(:")
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: bool(problems), timeout=20_000)
    assert "broken.py, line 1: SyntaxError" in problems.pop()
    assert loaded.session.choice.settings.sampler == before and not Preferences().samplers


def test_an_own_sampler_that_breaks_or_goes_is_said_and_stops_nothing_else(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """The file is edited while the window is open: the panel must say so, and the window must stay usable."""
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)
    path.write_text(OWN.replace("2 * steps\n", "steps / 0\n", 1))
    loaded.session.choice.set_settings(seed=77)
    assert "ZeroDivisionError" in loaded.controls.foot.cost_message.text()
    assert not loaded.commands["extend"].isEnabled()
    path.unlink()
    loaded.session.choice.set_settings(seed=78)
    assert "can't be read" in loaded.controls.sampler.summary.text().replace("\u200b", "")
    choose(loaded.controls.sampler.menu, "decoupled")
    assert loaded.commands["extend"].isEnabled()
    choose(loaded.controls.sampler.menu, str(path))
    qtbot.waitUntil(lambda: bool(problems), timeout=20_000)
    assert "can't be read" in problems.pop()
    assert loaded.controls.sampler.menu.findData(str(path)) < 0
    assert loaded.session.choice.settings.sampler == "decoupled"


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
