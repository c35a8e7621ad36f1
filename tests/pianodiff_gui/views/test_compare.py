"""The table of takes."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.compare import CompareDialog
from pianodiff_gui.work.figures import SHOWN, measure_last
from tests.pianodiff_gui.conftest import two_takes


def test_the_table_of_takes_fills_as_they_are_measured(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when takes are compared by figures of another take, or the table is stale."""
    two_takes(loaded, qtbot)
    loaded.commands["compare"].trigger()
    dialog = loaded.findChild(CompareDialog)
    assert isinstance(dialog, CompareDialog)
    timelines = [take.timeline for take in loaded.session.takes.all]
    qtbot.waitUntil(lambda: all(loaded.figures.of(timeline) for timeline in timelines), timeout=20_000)
    found = measure_last(timelines[1])
    assert set(found) == set(SHOWN) and loaded.figures.of(timelines[1]) == found
    item = dialog.table.item(1, 8)
    assert item is not None and item.text() == f"{found['level_db']:+.1f}"
    loaded.session.rename_take(1, "other")
    renamed = dialog.table.item(0, 0)
    assert renamed is not None and renamed.text() == "other"
    dialog.close()
