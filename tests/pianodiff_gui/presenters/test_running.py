"""Runs: the live picture, progress, cancelling in every state, failures, and a window that never blocks."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from core.errors import AudioError, PianoDiffError
from pianodiff_gui.session.jobs import Mailbox
from pianodiff_gui.session.outline import envelope
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.worker import StepClock
from tests.pianodiff_gui.conftest import FakeEngines, open_clip, run_to_end, write_clip


def test_live_picture_shows_the_state_its_level_and_the_similarity(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines
) -> None:
    """Breaks when the strip does not follow the run: x_t in two colours, t, and the curve growing beside it."""
    engines.hold(3)
    loaded.session.extend()
    assert loaded.diffusion.stack.currentWidget() is loaded.diffusion.plot
    qtbot.waitUntil(lambda: loaded.diffusion.last_frame is not None, timeout=5000)
    view = loaded.diffusion
    assert view.plot.level.text().startswith("t = ")
    assert view.plot.known_item.points > 10 and view.plot.new_item.points > 10
    frame = view.last_frame
    assert frame is not None
    assert frame.outline.before.seconds.max() < 0 < frame.outline.new.seconds.max()
    engines.release()
    run_to_end(loaded, qtbot)
    levels, similarities = view.curves.similarity_item.getData()
    assert levels[0] > levels[-1] == 0
    assert similarities[-1] == pytest.approx(0.9)
    assert view.plot.level.text() == "t = 0"
    assert view.title.text() == "What happened" and "Added 2.0 s" in view.note.text()


def test_network_runs_in_its_own_thread(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when a run is done in the GUI thread."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    assert threading.get_ident() not in engines.threads


def test_window_is_never_blocked_by_a_run(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when steps, pictures or changes of settings during a run stop the window from answering."""
    engines.delay = 0.25  # a step; were it done in the GUI thread, every gap would be as long
    loaded.session.choice.set_settings(steps=8)
    gaps: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(tick)
    timer.start()
    loaded.session.extend()
    for index in range(8):
        qtbot.wait(100)
        loaded.session.choice.set_settings(seed=index + 1)
        loaded.session.set_target(3.0 + index / 10)
    run_to_end(loaded, qtbot)
    timer.stop()
    # Loose bounds: a busy test machine takes slices away. Drawing and settings cost some 10 ms.
    assert np.quantile(gaps, 0.9) < 0.15
    assert max(gaps) < 1.0


def test_cancel_while_it_denoises_stops_and_says_so(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when Cancel does not end the generator, or the window stays in its running state."""
    engines.hold(2)
    loaded.session.extend()
    qtbot.waitUntil(engines.held.is_set, timeout=5000)
    assert loaded.commands["cancel"].isEnabled() and not loaded.commands["extend"].isEnabled()
    qtbot.keyClick(loaded, Qt.Key.Key_Escape)
    assert loaded.session.engine.cancelling
    assert loaded.controls.foot.stage.text().startswith("Stopping")
    engines.release()
    run_to_end(loaded, qtbot)
    assert engines.made[0].closed
    assert engines.made[0].evaluations_done == 3  # the step that was under way, and no more
    assert loaded.session.generated_seconds == 0.0
    assert "no window was complete" in loaded.status.message.text()
    assert loaded.commands["extend"].isEnabled()


def test_cancel_in_the_second_window_keeps_the_first(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when finished windows are thrown away on Cancel."""
    loaded.session.set_target(6.0)
    per_window = 5
    engines.hold(per_window + 2)
    job = loaded.session.extend()
    assert job is not None
    qtbot.waitUntil(lambda: loaded.session.generated_seconds > 0, timeout=5000)  # shown while the run goes on
    loaded.session.engine.cancel()
    engines.release()
    run_to_end(loaded, qtbot)
    assert 0 < loaded.session.generated_seconds < 6.0
    assert loaded.session.target == pytest.approx(6.0)
    assert loaded.commands["extend"].isEnabled() and loaded.commands["export"].isEnabled()
    assert "are kept" in loaded.status.message.text()


def test_cancel_before_the_first_step(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when a run cannot be cancelled while its network is still being loaded."""
    engines.hold(0)
    job = loaded.session.extend()
    assert job is not None
    loaded.session.engine.cancel()
    engines.release()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == 0.0
    assert engines.made[0].evaluations_done <= 1


def test_cancel_when_nothing_runs_does_nothing(loaded: MainWindow) -> None:
    """Breaks when Escape without a run changes or raises anything."""
    loaded.session.engine.cancel()
    assert not loaded.commands["cancel"].isEnabled()
    assert not loaded.session.engine.running


def test_opening_another_file_during_a_run_drops_it(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the old run's audio turns up behind the new recording, or nobody was asked."""
    asked: list[str] = []

    def agree(_parent: object, question: str, *_: str) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", agree)
    engines.hold(2)
    loaded.session.extend()
    qtbot.waitUntil(lambda: bool(engines.made), timeout=5000)
    open_clip(loaded, qtbot, write_clip(tmp_path / "other.wav", 1.0))
    engines.release()
    qtbot.wait(100)
    assert asked == ["An extension is running."]
    assert not loaded.session.engine.running
    assert loaded.session.generated_seconds == 0.0
    loaded.session.extend()  # the thread is free again
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(2.0)


@pytest.mark.parametrize("agree", [True, False])
def test_closing_during_a_run_asks_cancels_and_waits(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, monkeypatch: pytest.MonkeyPatch, agree: bool
) -> None:
    """Breaks when closing loses a run without a question, hangs, or closes although the user said no."""
    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", lambda *_: agree)
    engines.hold(2)
    loaded.session.extend()
    qtbot.waitUntil(lambda: loaded.diffusion.last_frame is not None, timeout=5000)
    loaded.close()
    assert loaded.isVisible()  # it waits for the step
    assert loaded.session.engine.cancelling is agree
    engines.release()
    if agree:
        qtbot.waitUntil(lambda: not loaded.isVisible(), timeout=5000)
    else:
        run_to_end(loaded, qtbot)
        assert loaded.isVisible()
        assert loaded.session.generated_seconds == pytest.approx(2.0)


def test_what_the_engine_refuses_is_told_in_its_words(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, problems: list[str]
) -> None:
    """Breaks when silence, a missing network or too short a clip ends in nothing or in a traceback."""
    engines.refuse = AudioError("The end of this recording is silent.")
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    assert problems == ["The end of this recording is silent."]
    assert loaded.commands["extend"].isEnabled()


def test_a_failure_in_the_second_window_keeps_the_first(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, problems: list[str]
) -> None:
    """Breaks when an error late in a long run throws away what was complete."""
    loaded.session.set_target(6.0)
    engines.fail = (7, PianoDiffError("Out of memory."))
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds > 0
    assert problems[0].startswith("Out of memory.") and "are kept" in problems[0]


def test_an_unforeseen_error_in_the_engine_is_told_and_the_window_goes_on(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, problems: list[str]
) -> None:
    """Breaks when a bug in a run leaves the window in its running state for ever."""
    engines.fail = (1, RuntimeError("boom"))
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    assert "RuntimeError: boom" in problems[0]
    engines.fail = None
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(2.0)


def test_progress_elapsed_and_time_left_are_shown(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when a run of minutes gives no sign of how far it is."""
    loaded.session.choice.set_settings(steps=20)
    engines.delay = 0.02
    engines.hold(12)
    loaded.session.extend()
    assert loaded.controls.foot.currentIndex() == 1
    # Pictures are dropped when they come too fast, so it need not be the last one before the gate.
    qtbot.waitUntil(lambda: loaded.controls.foot.percent.text() in ("50 %", "55 %", "60 %"), timeout=5000)
    assert loaded.controls.foot.elapsed.text().endswith("elapsed")
    assert loaded.controls.foot.left.text().endswith("left")
    engines.release()
    run_to_end(loaded, qtbot)
    assert loaded.controls.foot.currentIndex() == 0


def test_estimate_leaves_the_warm_up_out_and_follows_the_steps() -> None:
    """Breaks when the first slow step makes every estimate too long, or one is shown before there is any ground."""
    clock = StepClock(0.0)
    now, ticks = 10.0, 0  # the first step took 10 s
    clock.tick(now, (ticks := ticks + 1))
    assert clock.remaining(10) is None
    for _ in range(5):
        now += 0.5
        clock.tick(now, (ticks := ticks + 1))
    assert clock.remaining(10) == pytest.approx(5.0)
    assert clock.mean == pytest.approx(0.5)
    for _ in range(60):
        now += 1.0
        clock.tick(now, (ticks := ticks + 1))
    assert clock.remaining(10) == pytest.approx(10.0, rel=0.05)


def test_mailbox_keeps_only_the_newest() -> None:
    """Breaks when a slow window draws an ever older state."""
    box: Mailbox[int] = Mailbox()
    assert box.take() is None
    box.put(1)
    box.put(2)
    assert box.take() == 2
    assert box.take() is None


@pytest.mark.parametrize("frames", [0, 1, 7, 100, 1001])
def test_envelope_of_the_state_covers_every_sample(frames: int) -> None:
    """Breaks when the drawing of x_t drops its last samples, which are the newest ones, or widens with the window."""
    samples = np.random.default_rng(0).standard_normal(frames).astype(np.float32)
    drawn = envelope(samples, 0.0, 100.0, 50)
    assert len(drawn.low) <= 50
    if frames:
        assert drawn.low.min() == samples.min() and drawn.high.max() == samples.max()
        assert drawn.high[-1] >= samples[-1] >= drawn.low[-1]
        assert 0 <= drawn.seconds[0] <= drawn.seconds[-1] <= frames / 100
