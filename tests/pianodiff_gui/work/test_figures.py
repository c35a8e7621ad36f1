"""Figures of takes, and the loudness at which they are compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.figures import loudness, measure_last
from tests.pianodiff_gui.conftest import run_to_end, two_takes, write_clip


def test_takes_play_as_loud_as_the_quietest(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the louder take wins a comparison for being louder, or the export is turned down with it."""
    two_takes(loaded, qtbot)
    qtbot.waitUntil(lambda: len(loaded.figures._levels) == 2, timeout=20_000)  # or these would come in for the others
    first, second = (take.timeline for take in loaded.session.takes.all)
    first.stretches[0].samples[:] *= 0.5  # measured only from here on: 6 dB below the other
    loaded.figures._asked.clear()
    loaded.figures._levels.clear()
    loaded.figures.ask([first, second])
    qtbot.waitUntil(lambda: len(loaded.figures._levels) == 2, timeout=20_000)
    assert loudness(second) - loudness(first) == pytest.approx(6.02, abs=0.1)
    assert loaded.player._gain == pytest.approx(0.5, abs=0.01)  # the second is shown
    loaded.session.show_take(1)
    assert loaded.player._gain == 1.0
    loaded.session.show_take(2)
    loaded.takes.match.setChecked(False)
    assert loaded.player._gain == 1.0


def test_a_take_at_another_rate_and_in_stereo_is_measured(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when figures are of the wrong channel or at the wrong rate."""
    from tests.pianodiff_gui.conftest import open_clip

    open_clip(loaded, qtbot, write_clip(tmp_path / "other.wav", 2.0, rate=48_000, channels=2))
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None
    found = measure_last(timeline)
    assert found["voiced"] > 0.9 and abs(found["level_db"]) < 6
