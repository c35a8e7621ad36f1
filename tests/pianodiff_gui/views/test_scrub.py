"""Back through a run: the bar that goes through its steps, what it shows, and when it lets go of them."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.errors import PianoDiffError
from pianodiff_gui.session.history import Recorder
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import (
    FakeEngines,
    extend,
    open_clip,
    run_to_end,
    shown_history,
    write_clip,
)
from tests.pianodiff_gui.session.conftest import step


def test_the_bar_is_there_after_a_run_only(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when there is a bar without steps, or one beside the live picture."""
    bar, back = loaded.diffusion.scrub, loaded.commands["noisier"]
    assert not bar.isVisible()
    assert not back.isEnabled() and "Extend first" in back.toolTip()
    engines.hold(3)
    loaded.session.extend()
    qtbot.waitUntil(engines.held.is_set, timeout=5000)
    assert not bar.isVisible()
    assert not back.isEnabled() and "when the extension is done" in back.toolTip()
    engines.release()
    run_to_end(loaded, qtbot)
    assert bar.isVisible() and back.isEnabled()
    assert bar.place.text() == "t = 0, evaluation 5 of 5"
    assert bar.kept.text().startswith("all 5 steps kept")
    assert loaded.diffusion.title.text() == "What happened" and "Added 2.0 s" in loaded.diffusion.note.text()


def test_the_slider_shows_the_state_and_marks_its_level(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when picture, level, marker and words tell of different steps."""
    extend(loaded, qtbot, 4.0)
    view, history = loaded.diffusion, shown_history(loaded)
    for index in (2, 7, 0):
        view.scrub.slider.setValue(index)
        moment = history.moments[index]
        assert view.plot.level.text() == f"t = {moment.level:.0f}"
        assert view.scrub.place.text().startswith(f"window {moment.window + 1} of 2, t = {moment.level:.0f}, ")
        assert float(view.curves.marker.value()) == moment.level
        assert view.curves.marker_dot.getData()[1][0] == moment.similarity
        assert list(view.curves.similarity_item.getData()[1]) == [
            m.similarity for m in history.moments if m.window == moment.window
        ]
        assert view.plot.known_item.points > 10 and view.plot.new_item.points > 10
        drawn = view.plot.known_item.boundingRect().united(view.plot.new_item.boundingRect())
        x = moment.x.unpacked()
        assert drawn.bottom() == pytest.approx(x.max()) and drawn.top() == pytest.approx(x.min())
    qtbot.mouseClick(view.scrub.clean, Qt.MouseButton.LeftButton)
    assert view.plot.level.text() == "t = 160"
    assert view.plot.new_item.boundingRect().bottom() == pytest.approx(0.2, abs=1e-3)


def test_a_plan_comes_before_the_past_until_the_slider_is_moved(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when asking for more does not show what it takes, or moving the slider then shows nothing."""
    extend(loaded, qtbot)
    view = loaded.diffusion
    loaded.session.set_target(3.0)
    assert view.title.text() == "What will happen" and view.stack.currentIndex() == 0
    assert not view.curves.marker.isVisible() and view.scrub.isVisible()
    loaded.commands["noisier"].trigger()
    assert view.title.text() == "What happened" and view.stack.currentWidget() is view.plot
    assert view.curves.marker.isVisible() and len(view.curves.similarity_item.getData()[0]) == 5


def test_page_keys_step_and_arrows_on_the_slider_cut_nothing(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the steps can't be reached by key, or the arrow keys shorten the music while the slider is used."""
    extend(loaded, qtbot)
    loaded.activateWindow()
    slider = loaded.diffusion.scrub.slider
    assert slider.value() == 4
    for key, value in (
        (Qt.Key.Key_PageUp, 3),
        (Qt.Key.Key_BracketLeft, 2),
        (Qt.Key.Key_PageDown, 3),
        (Qt.Key.Key_BracketRight, 4),
        (Qt.Key.Key_PageDown, 4),
    ):
        qtbot.keyClick(loaded, key)
        assert slider.value() == value
    slider.setFocus()
    for key, value in ((Qt.Key.Key_Left, 3), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_PageUp, 0)):
        qtbot.keyClick(slider, key)
        assert slider.value() == value
    assert loaded.session.generated_seconds == pytest.approx(2.0)
    assert loaded.session.target == pytest.approx(2.0)


def test_a_press_on_the_slider_goes_there(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a press moves the grip by one step instead of to the mouse."""
    extend(loaded, qtbot)
    slider = loaded.diffusion.scrub.slider
    for share, value in ((0.0, 0), (1.0, 4), (0.5, 2)):
        at = QPoint(round(share * (slider.width() - 1)), slider.height() // 2)
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=at)
        assert slider.value() == value


def test_dragging_is_smooth(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a move of the slider takes the GUI thread so long that the picture lags behind the mouse."""
    extend(loaded, qtbot, 4.0)
    slider, times = loaded.diffusion.scrub.slider, []
    for value in [*range(10)] * 3:
        began = time.perf_counter()
        slider.setValue(value)
        QApplication.processEvents()
        times.append(time.perf_counter() - began)
    assert np.median(times) < 0.05


def test_cancelling_leaves_the_steps_that_were_made(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when a cancelled run can't be looked at."""
    engines.hold(3)
    loaded.session.extend()
    qtbot.waitUntil(engines.held.is_set, timeout=5000)
    loaded.session.engine.cancel()
    engines.release()
    run_to_end(loaded, qtbot)
    assert loaded.diffusion.scrub.isVisible()
    assert loaded.diffusion.scrub.place.text() == "t = 40, evaluation 4 of 5"
    assert "Stopped" in loaded.diffusion.note.text()
    assert loaded.commands["extend"].isEnabled()


def test_a_failure_leaves_the_steps_before_it(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, problems: list[str]
) -> None:
    """Breaks when the states that led to a failure, which are worth a look, are thrown away."""
    engines.fail = (3, PianoDiffError("Out of memory."))
    extend(loaded, qtbot)
    assert problems == ["Out of memory."]
    assert loaded.diffusion.scrub.place.text() == "t = 80, evaluation 3 of 5"


def open_another(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    open_clip(window, qtbot, write_clip(folder / "other.wav", 1.0))


def run_again(window: MainWindow, qtbot: QtBot, _folder: Path) -> None:
    window.session.set_target(4.0)
    window.session.extend()


def undo(window: MainWindow, _qtbot: QtBot, _folder: Path) -> None:
    window.commands["undo"].trigger()


@pytest.mark.parametrize("leave", [open_another, run_again, undo])
def test_the_memory_is_given_back(
    loaded: MainWindow,
    qtbot: QtBot,
    engines: FakeEngines,
    tmp_path: Path,
    leave: Callable[[MainWindow, QtBot, Path], None],
) -> None:
    """Breaks when the states of a run stay in memory, or on the screen, after what it made has gone."""
    extend(loaded, qtbot)
    loaded.diffusion.scrub.slider.setValue(1)
    kept = weakref.ref(shown_history(loaded).moments[1].x.samples)
    assert kept() is not None
    engines.hold(5)
    leave(loaded, qtbot, tmp_path)
    assert not loaded.diffusion.scrub.isVisible()
    assert not loaded.diffusion.curves.marker.isVisible()
    QApplication.processEvents()
    gc.collect()
    assert kept() is None
    engines.release()


def test_the_undo_of_something_before_does_not_bring_a_stale_picture(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when after undoing Try again its last state stands there as what happened."""
    extend(loaded, qtbot)
    loaded.commands["again"].trigger()
    run_to_end(loaded, qtbot)
    assert loaded.diffusion.scrub.isVisible()
    loaded.session.set_target(1.5)  # a trim leaves the steps
    assert loaded.diffusion.scrub.isVisible()
    loaded.session.undo()
    assert loaded.diffusion.scrub.isVisible()
    loaded.session.undo()
    assert not loaded.diffusion.scrub.isVisible()
    assert loaded.diffusion.stack.currentIndex() == 0 and loaded.diffusion.note.text() == ""


@pytest.mark.parametrize("size", [(960, 640), (1440, 900)])
def test_the_bar_fits_the_window_however_long_its_words(
    loaded: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    """Breaks when the words about a run of many windows push the panel out of the smallest window."""
    extend(loaded, qtbot)
    recorder = Recorder(10**8)
    for number in range(4 * 1200):
        recorder.note(step(number, 4, 1200))
    loaded.diffusion.scrub.set_history(recorder.history())
    loaded.resize(*size)
    qtbot.wait(30)
    assert (loaded.width(), loaded.height()) == size
    bar = loaded.diffusion.scrub
    assert bar.slider.width() >= 90
    assert bar.listen.geometry().right() < bar.slider.geometry().left()
    assert bar.mapTo(loaded, QPoint(bar.width(), 0)).x() <= loaded.width() - loaded.controls.width()
    length = bar.slider.width()
    bar.slider.setValue(0)
    assert bar.slider.width() == length
