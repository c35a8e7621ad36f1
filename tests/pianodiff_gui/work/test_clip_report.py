"""The paper's figures of the takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import run_to_end, two_takes

pytestmark = pytest.mark.journey


def test_figures_of_the_takes_are_drawn(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a take came back from disk without what its figures need, or the drawing is of something else."""
    assert not loaded.commands["figures"].isEnabled()
    two_takes(loaded, qtbot)
    timelines = [take.timeline for take in loaded.session.takes.all]
    qtbot.waitUntil(lambda: all(loaded.figures.of(timeline) for timeline in timelines), timeout=20_000)
    folder = tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(folder), ""))
    loaded.commands["figures"].trigger()
    qtbot.waitUntil((folder / "report.md").exists, timeout=60_000)
    drawn = {path.name for path in (folder / "figures").iterdir()}
    names = ("2-lambda", "3-similarity", "4-noisy", "5-result", "6-pitch")
    assert drawn == {f"figure-{name}.{suffix}" for name in names for suffix in ("png", "svg")}
    report = (folder / "report.md").read_text(encoding="utf-8")
    level = loaded.figures.of(timelines[1])["level_db"]
    assert "| Take 2 |" in report and f"| {level:+.1f} |" in report and "(figures/figure-6-pitch.png)" in report


def test_figures_go_nowhere_where_no_folder_can_be_made(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """Breaks when a folder that can't be made is told as a mistake inside PianoDiff."""
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "file" / "out"), ""))
    loaded.commands["figures"].trigger()
    qtbot.waitUntil(lambda: bool(problems), timeout=10_000)
    assert "can't be made" in problems[0]
