"""The loop region: dragged in the ruler, set by keys, taken away, and forgotten with the recording."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.session.loop_region import Span
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.loop_ruler import LoopRuler


def ruler_of(window: MainWindow, qtbot: QtBot) -> LoopRuler:
    """The one of the lane that is shown."""
    qtbot.waitUntil(lambda: any(ruler.isVisible() and ruler.width() > 100 for ruler in window.loop_rulers))
    return next(ruler for ruler in window.loop_rulers if ruler.isVisible())


def span_of(window: MainWindow) -> Span | None:
    return window.region.span


def drag(ruler: LoopRuler, qtbot: QtBot, start: float, stop: float) -> None:
    """From one time to the other, in seconds."""
    ends = [QPoint(round(ruler._plot.x_to_pixel(at)) - ruler.x(), 12) for at in (start, stop)]
    qtbot.mousePress(ruler, Qt.MouseButton.LeftButton, pos=ends[0])
    for x in range(11):
        qtbot.mouseMove(ruler, ends[0] + (ends[1] - ends[0]) * x / 10)
    qtbot.mouseRelease(ruler, Qt.MouseButton.LeftButton, pos=ends[1])


def test_dragging_in_the_ruler_sets_it_and_its_edges_move(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a drag sets another region than the one it went over, or an edge that is dragged moves both."""
    ruler = ruler_of(loaded, qtbot)
    drag(ruler, qtbot, 2.0, 1.0)
    assert span_of(loaded) == pytest.approx((1.0, 2.0), abs=0.02)
    assert "Loop plays" in ruler.accessibleDescription()
    drag(ruler, qtbot, 2.0, 2.5)
    assert span_of(loaded) == pytest.approx((1.0, 2.5), abs=0.02)
    drag(ruler, qtbot, 1.0, 0.5)
    assert span_of(loaded) == pytest.approx((0.5, 2.5), abs=0.02)
    assert loaded.player.position == 0.0  # the playhead stays


def test_a_click_and_escape_take_it_away(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a region can't be got rid of, or Escape is not offered for it."""
    ruler = ruler_of(loaded, qtbot)
    loaded.region.set(1.0, 2.0)
    qtbot.mouseClick(ruler, Qt.MouseButton.LeftButton, pos=QPoint(round(ruler.width() / 2), 12))
    assert span_of(loaded) is None
    loaded.region.set(1.0, 2.0)
    assert loaded.commands["cancel"].isEnabled() and "loop" in loaded.commands["cancel"].toolTip()
    loaded.commands["cancel"].trigger()
    assert span_of(loaded) is None and not loaded.commands["cancel"].isEnabled()


def test_keys_set_it_at_the_playhead(loaded: MainWindow) -> None:
    """Breaks when a region needs a mouse, or one that ends before it begins is set without a word."""
    loaded.player.seek(1.0)
    loaded.commands["loop_begin"].trigger()
    assert span_of(loaded) == (1.0, 3.0)
    loaded.player.seek(0.5)
    loaded.commands["loop_end"].trigger()
    assert span_of(loaded) == (1.0, 3.0)
    assert loaded.status.message.text() == "The loop would end before it begins."
    loaded.player.seek(2.0)
    loaded.commands["loop_end"].trigger()
    assert span_of(loaded) == (1.0, 2.0)
    loaded.commands["loop_clear"].trigger()
    assert span_of(loaded) is None and not loaded.commands["loop_clear"].isEnabled()


def test_it_stays_within_what_there_is_or_will_be_and_goes_with_the_recording(loaded: MainWindow) -> None:
    """Breaks when a region reaches where nothing will ever be, or a recording is looped by that of another."""
    loaded.region.set(-5.0, 50.0)
    assert span_of(loaded) == (0.0, 3.0 + loaded.session.target)
    loaded.region.set(1.0, 1.01)
    assert span_of(loaded) is None
    loaded.region.set(1.0, 2.0)
    source = loaded.session.source
    assert source is not None
    loaded.session.open(source)
    assert span_of(loaded) is None
