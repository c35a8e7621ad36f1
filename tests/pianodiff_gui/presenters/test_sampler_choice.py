"""Samplers of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import choose, run_to_end

OWN = '''"""Mine alone."""
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import Settings


def evaluations(steps):
    return 2 * steps


def sample(denoiser, known, keep, steps, noise):
    yield from SAMPLERS["decoupled"].run(denoiser, known, keep, Settings(steps=2 * steps), noise)
'''


def pick_file(monkeypatch: pytest.MonkeyPatch, window: MainWindow, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_kwargs: (str(path), ""))
    window.commands["sampler"].trigger()


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
