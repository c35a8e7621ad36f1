"""Back through a run: what is kept of it and for how long, the bar that goes through it, and listening to a step."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.audio.source import active_rms
from core.errors import PianoDiffError
from pianodiff_gui.presenters.listening import at_loudness
from pianodiff_gui.session import history as history_module
from pianodiff_gui.session.history import History, Recorder, Signal16
from pianodiff_gui.session.jobs import Outcome
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work import worker as worker_module
from tests.pianodiff_gui.conftest import FakeEngine, FakeEngines, open_clip, run_to_end, write_clip
from tests.pianodiff_gui.test_player import FakeSoundDevice, no_device

FRAMES = 50


def step(number: int, per_window: int, windows: int, frames: int = FRAMES) -> Any:
    window, within = divmod(number, per_window)
    return SimpleNamespace(
        window=window,
        windows=windows,
        level=float(per_window - 1 - within),
        evaluations=number + 1,
        evaluations_total=per_window * windows,
        x=np.full(frames, number, np.float32),
        clean=np.full(frames, -number, np.float32),
        known_frames=frames // 2,
        after_frames=0,
        similarity=0.5,
        window_complete=within == per_window - 1,
    )


def record(per_window: int, windows: int, budget: int) -> History:
    recorder = Recorder(budget)
    for number in range(per_window * windows):
        recorder.note(step(number, per_window, windows))
        assert recorder.history().nbytes <= budget
    return recorder.history()


@given(st.integers(1, 70), st.integers(1, 4), st.integers(0, 60))
def test_the_budget_holds_thinning_is_even_and_last_steps_stay(per_window: int, windows: int, room: int) -> None:
    """Breaks when a long run takes more memory than allowed, skips a stretch, or loses how a window ended."""
    history = record(per_window, windows, room * 4 * FRAMES + 3)
    assert history.steps == per_window * windows
    kept = {(m.window, m.evaluations - 1 - m.window * per_window) for m in history.moments}
    lasts = {(window, per_window - 1) for window in range(windows)}
    if room >= 2 * windows:  # else even the ends of the windows are too many
        every = {(window, number) for window in range(windows) for number in range(0, per_window, history.every)}
        assert kept == every | lasts
    else:
        newest = sorted(lasts)[windows - min(room, windows) :]
        assert set(newest[-1:]) <= kept
    if room >= per_window * windows:
        assert history.every == 1
    order = [m.evaluations for m in history.moments]
    assert order == sorted(order)


def test_what_was_kept_is_said() -> None:
    """Breaks when the window claims more than there is."""
    assert record(10, 1, 10**6).describe() == "all 10 steps kept, 2 kB"
    assert record(50, 2, 30 * 4 * FRAMES).describe() == "every 4th of 100 steps kept, 6 kB"
    assert record(4, 9, 4 * 4 * FRAMES).describe() == "every 4th of 36 steps kept from window 8 on, 800 B"
    history = record(50, 3, 10**6)
    assert history.place(history.moments[74]) == "window 2 of 3, t = 25, evaluation 75 of 150"
    single = record(50, 1, 10**6)
    assert single.place(single.moments[0]) == "t = 49, evaluation 1 of 50"


@pytest.mark.parametrize("peak", [1e-3, 1.0, 300.0, 65_504.0, 65_505.0, 1e6, 3e30])
def test_a_state_is_held_whatever_its_height(peak: float) -> None:
    """Breaks when high levels, where x_t passes what float16 can hold, are clipped or become infinite."""
    signal = (peak * np.sin(np.arange(1000))).astype(np.float32)
    signal[3] = peak
    held = Signal16.of(signal)
    assert held.samples.nbytes == 2 * signal.size
    np.testing.assert_allclose(held.unpacked(), signal, rtol=2**-11, atol=max(peak * 2**-22, 2**-25))


def test_steps_are_kept_as_the_engine_made_them(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a kept step holds another step's samples, or x_t and the clean estimate change places."""
    loaded.session.set_target(4.0)
    job = loaded.session.extend()
    assert job is not None
    run_to_end(loaded, qtbot)
    moments = shown_history(loaded).moments
    made = list(FakeEngine(job, lambda _step: None).run())
    assert len(moments) == len(made) == 10
    for moment, want in zip(moments, made, strict=True):
        np.testing.assert_allclose(moment.x.unpacked(), want.x, rtol=2**-11, atol=1e-7)
        np.testing.assert_allclose(moment.clean.unpacked(), want.clean, rtol=2**-11, atol=1e-7)
        assert (moment.window, moment.level, moment.evaluations) == (want.window, want.level, want.evaluations)
        assert (moment.known_frames, moment.after_frames) == (want.known_frames, want.after_frames)


def shown_history(window: MainWindow) -> History:
    return window.diffusion.scrub.history


def extend(window: MainWindow, qtbot: QtBot, seconds: float = 2.0) -> None:
    window.session.set_target(seconds)
    assert window.session.extend() is not None
    run_to_end(window, qtbot)


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


def listen_with(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    device = FakeSoundDevice()
    monkeypatch.setattr(window.player.card, "library", device)
    window._look_for_sound()
    return device


def test_listening_plays_the_shown_state_at_the_recordings_loudness(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when another signal than the one drawn is heard, or noise plays as loud as it is."""
    device = listen_with(loaded, monkeypatch)
    extend(loaded, qtbot)
    loaded.diffusion.scrub.slider.setValue(1)
    loaded.commands["listen"].trigger()
    (stream,) = device.streams
    stream.pull(4000)
    signal = shown_history(loaded).moments[1].x.unpacked()
    assert "loudness of the recording" in loaded.commands["listen"].toolTip()
    gain = stream.heard()[0] / signal[0]
    assert gain < 0.9
    np.testing.assert_allclose(stream.heard(), gain * signal[:4000], rtol=1e-3, atol=1e-6)
    timeline = loaded.session.timeline
    assert timeline is not None
    loudness = active_rms(timeline.source.read(), timeline.sample_rate)
    assert active_rms(gain * signal) == pytest.approx(loudness, rel=1e-3)
    loaded.commands["listen"].trigger()
    assert not stream.active


def test_moving_while_listening_goes_on_in_the_other_state(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a move of the slider stops the sound, starts it over, or leaves the old state playing."""
    device = listen_with(loaded, monkeypatch)
    extend(loaded, qtbot)
    loaded.commands["listen"].trigger()
    (stream,) = device.streams
    stream.pull(500)
    loaded.diffusion.scrub.slider.setValue(0)
    stream.pull(500)
    want = shown_history(loaded).moments[0].x.unpacked()[500:1000]
    heard = stream.got[1][:, 0]
    np.testing.assert_allclose(heard / np.abs(heard).max(), want / np.abs(want).max(), atol=1e-3)
    qtbot.waitUntil(lambda: loaded.diffusion.plot.playhead.isVisible(), timeout=2000)
    loaded.listening.player.close()


def test_the_transport_returns_to_the_recording(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when recording and step sound at once, or listening moves the recording's playhead."""
    device = listen_with(loaded, monkeypatch)
    extend(loaded, qtbot)
    loaded.player.seek(1.0)
    loaded.player.play()
    loaded.commands["listen"].trigger()
    assert who_plays(loaded) == ["step"]
    assert not loaded.commands["sound"].isEnabled()
    device.streams[1].pull(4000)
    qtbot.wait(60)
    assert loaded.player.position == pytest.approx(1.0)
    loaded.activateWindow()
    qtbot.keyClick(loaded, Qt.Key.Key_Space)
    assert who_plays(loaded) == ["recording"]
    device.streams[2].pull(500)
    timeline = loaded.session.timeline
    assert timeline is not None
    rate = timeline.sample_rate
    np.testing.assert_array_equal(device.streams[2].heard(), timeline.read(rate, rate + 500)[0])
    assert not loaded.diffusion.plot.playhead.isVisible()
    loaded.player.pause()


def who_plays(window: MainWindow) -> list[str]:
    players = {"recording": window.player, "step": window.listening.player}
    return [name for name, player in players.items() if player.playing]


def test_loudness_has_a_ceiling_and_silence_stays_silent() -> None:
    """Breaks when a state with one high peak clips, or nothing at all is divided by zero."""
    peaky = np.full(1000, 1e-3, np.float32)
    peaky[10] = 5.0
    assert np.abs(at_loudness(peaky, 22_050, 0.5)).max() == pytest.approx(1.0)
    noise = (300 * np.random.default_rng(0).standard_normal(22_050)).astype(np.float32)
    assert active_rms(at_loudness(noise, 22_050, 0.1)) == pytest.approx(0.1, rel=1e-3)
    assert not at_loudness(np.zeros(100, np.float32), 22_050, 0.1).any()


def test_without_a_sound_card_the_steps_can_still_be_seen(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when listening is offered where nothing can sound, or its reason is not told."""
    listen = loaded.commands["listen"]
    monkeypatch.setattr(loaded.player.card, "library", SimpleNamespace(query_devices=no_device))
    loaded._look_for_sound()
    assert not listen.isEnabled() and "Extend first" in listen.toolTip()
    extend(loaded, qtbot)
    assert not listen.isEnabled() and "no audio output device" in listen.toolTip()
    assert not loaded.diffusion.scrub.listen.isEnabled()
    assert loaded.commands["noisier"].isEnabled()


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


def test_short_of_memory_the_history_goes_and_the_run_stays(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """Breaks when there is too little memory to look back, and the music is lost for it."""
    calls = 0

    def refuse(signal: np.ndarray) -> Signal16:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise MemoryError
        return Signal16(signal.astype(np.float16), 0)

    monkeypatch.setattr(history_module.Signal16, "of", refuse)
    extend(loaded, qtbot)
    assert problems == [] and loaded.session.generated_seconds == pytest.approx(2.0)
    assert calls == 4
    assert not loaded.diffusion.scrub.isVisible()
    assert "no steps kept: memory was short" in loaded.diffusion.note.text()


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


def test_a_long_run_does_not_pass_the_budget_on_its_way_through_the_worker(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the worker keeps more than the recorder allows, or the window says otherwise."""
    budget = 3_000_000
    monkeypatch.setattr(worker_module, "Recorder", lambda _budget: Recorder(budget))
    outcomes: list[Outcome] = []
    loaded.session.ended.connect(lambda _job, outcome: outcomes.append(outcome))
    loaded.session.choice.set_settings(steps=40)
    extend(loaded, qtbot)
    history = outcomes[0].history
    assert history is shown_history(loaded)
    assert history.every > 1 and history.nbytes <= budget
    assert history.moments[-1].level == 0
    assert f"of 40 steps kept, {history.nbytes / 1e6:.1f} MB" in loaded.diffusion.scrub.kept.text()


@pytest.mark.parametrize("size", [(960, 640), (1440, 900)])
def test_the_bar_fits_the_window_however_long_its_words(
    loaded: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    """Breaks when the words about a run of many windows push the panel out of the smallest window."""
    extend(loaded, qtbot)
    history = record(4, 1200, 10**8)
    loaded.diffusion.scrub.set_history(history)
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
