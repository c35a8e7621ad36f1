"""The lanes of a duel: x_t and audio, the keys that switch between them, and their figures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.duel.verdict import written
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.figures import measure_last
from tests.pianodiff_gui.conftest import FakeEngines, run_to_end
from tests.pianodiff_gui.duel.conftest import fight, start


def test_a_lane_shows_x_t_while_it_runs_and_the_audio_afterwards(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines
) -> None:
    """Breaks when the lanes stand still until the end, or draw the new part where the recording is."""
    view = loaded.duel_view
    engines.hold(3)
    contenders = start(loaded)
    qtbot.waitUntil(lambda: contenders[0].frame is not None, timeout=5000)
    live = view.lanes[0].new_item.boundingRect()
    assert live.left() == pytest.approx(3.0, abs=0.02) and live.right() == pytest.approx(5.0, abs=0.02)
    assert view.lanes[0].status.text().startswith("t = ") and view.lanes[1].status.text() == "waiting"
    assert view.lanes[1].new_item.points == 0 and view.lanes[1].ghost.isVisible()
    engines.release()
    run_to_end(loaded, qtbot)
    qtbot.waitUntil(lambda: all(lane.known_pitch.items[0].data.size for lane in view.lanes), timeout=20_000)
    for lane in view.lanes:
        bounds = lane.new_item.boundingRect()
        assert bounds.left() == pytest.approx(3.0, abs=0.02) and bounds.right() == pytest.approx(5.0, abs=0.02)
        assert lane.known_item.boundingRect().right() == pytest.approx(3.0, abs=0.02)


def test_number_keys_switch_lanes_where_the_playhead_is(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a key shows a take instead, jumps back to the start, or plays one lane louder than another."""
    contenders = fight(loaded, qtbot)
    timelines = list(loaded.duel.timelines)
    qtbot.waitUntil(lambda: all(map(loaded.figures.of, timelines)), timeout=20_000)
    qtbot.keyClick(loaded, Qt.Key.Key_2)
    assert loaded.player._timeline is contenders[1].timeline
    loaded.player.seek(4.0)
    qtbot.keyClick(loaded, Qt.Key.Key_3)
    assert loaded.player._timeline is contenders[2].timeline and loaded.duel.heard is contenders[2]
    assert loaded.player.position == pytest.approx(4.0)
    assert loaded.player._gain == loaded.figures.gain(timelines[2], timelines)
    assert [lane.keep.property("role") for lane in loaded.duel_view.lanes] == ["", "", "primary"]
    qtbot.keyClick(loaded, Qt.Key.Key_4)  # there is none
    assert loaded.duel.heard is contenders[2]
    loaded.duel.close()
    assert loaded.player._timeline is loaded.session.timeline


def test_the_figures_shown_are_those_measured(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a lane shows figures of another, or marks one as best that is not."""
    contenders = fight(loaded, qtbot)
    qtbot.waitUntil(lambda: all(map(loaded.figures.of, loaded.duel.timelines)), timeout=20_000)
    view = loaded.duel_view
    for contender, lane in zip(contenders, view.lanes, strict=True):
        assert contender.timeline is not None and contender.outcome is not None
        found = measure_last(contender.timeline)
        for name in ("level_db", "seam", "voiced", "cents"):
            assert lane.numbers[name].text() == written(name, found[name])
        assert lane.numbers["evaluations"].text() == str(contender.outcome.evaluations)
        assert lane.numbers["gradients"].text() == "0"
        assert lane.numbers["similarity"].text() == "0.900"
    best = [lane.numbers["evaluations"].font().bold() for lane in view.lanes]
    assert best == [False, True, False]
    assert not any(lane.numbers["similarity"].font().bold() for lane in view.lanes)  # they are all the same
    assert len(view.similarity.curve_items) == 3
    levels, similarities = view.similarity.curve_items[1, 0].getData()
    assert levels[-1] == 0 and similarities[-1] == pytest.approx(0.9)
