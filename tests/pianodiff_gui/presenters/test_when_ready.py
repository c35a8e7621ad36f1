"""Play when ready, and playing while a run goes on: the window, a run and a sound card in memory."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from pianodiff_gui.presenters.when_ready import LEAD
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, run_to_end
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice

STEPS = 4
SECONDS = 8.0  # several windows


@pytest.fixture
def device(loaded: MainWindow, monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    made = FakeSoundDevice()
    monkeypatch.setattr(loaded.player.card, "library", made)
    loaded.listening.look_for_sound()
    loaded.session.choice.set_settings(steps=STEPS)
    loaded.session.set_target(SECONDS)
    return made


def hold_after_a_window(window: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Start a run that stands still once its first window is there."""
    engines.hold(STEPS + 1)
    window.commands["extend"].trigger()
    qtbot.waitUntil(lambda: 0 < window.session.generated_seconds < SECONDS, timeout=20_000)


def test_a_run_plays_by_itself_from_before_the_seam(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, device: FakeSoundDevice
) -> None:
    """Breaks when the setting does nothing, is forgotten, or plays from elsewhere than a little before the seam."""
    loaded.commands["when_ready"].setChecked(True)
    assert Preferences().play_when_ready
    hold_after_a_window(loaded, qtbot, engines)
    qtbot.waitUntil(lambda: loaded.player.playing)
    assert loaded.player.position == pytest.approx(3.0 - LEAD, abs=0.01)
    loaded.player.pause()
    engines.release()
    run_to_end(loaded, qtbot)
    assert not loaded.player.playing  # once a run, not at every window


def test_without_the_setting_nothing_plays_by_itself(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, device: FakeSoundDevice
) -> None:
    """Breaks when a run makes a sound that nobody asked for."""
    hold_after_a_window(loaded, qtbot, engines)
    assert not loaded.player.playing and not device.streams
    engines.release()
    run_to_end(loaded, qtbot)
    assert not device.streams


def test_playing_waits_for_the_next_window_says_so_and_goes_on(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, device: FakeSoundDevice
) -> None:
    """Breaks when playing stops at the edge of a run that goes on, says nothing, or doesn't take up what comes."""
    hold_after_a_window(loaded, qtbot, engines)
    made = loaded.session.generated_seconds
    loaded.player.seek(2.5 + made)
    loaded.player.play()
    (stream,) = device.streams
    for _ in range(40):
        stream.pull(441)
        qtbot.wait(5)
    qtbot.waitUntil(lambda: loaded.player.waiting)
    assert loaded.toolbar.waiting.isVisible() and loaded.player.playing
    assert "Waiting" in loaded.commands["play"].toolTip()
    engines.release()
    run_to_end(loaded, qtbot)
    timeline, player = loaded.session.timeline, loaded.player
    assert timeline is not None
    pulled = 0
    while player.playing and pulled < 20 * timeline.sample_rate:
        stream.pull(2205)
        pulled += 2205
        qtbot.wait(5)
    assert not loaded.toolbar.waiting.isVisible()
    assert player.position == pytest.approx(timeline.end_seconds)
    heard = stream.heard()
    last = timeline.read(timeline.end - 4410, timeline.end)[0]
    end = int(np.flatnonzero(heard)[-1]) + 1
    np.testing.assert_allclose(heard[end - 4000 : end], last[len(last) - 4000 :], atol=1e-6)


def test_a_cancelled_run_stops_it_at_the_end(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, device: FakeSoundDevice
) -> None:
    """Breaks when playing waits for ever for windows that will not come."""
    hold_after_a_window(loaded, qtbot, engines)
    loaded.player.seek(loaded.session.generated_seconds + 3.0)
    loaded.player.play()
    device.streams[0].pull(441)
    qtbot.waitUntil(lambda: loaded.player.waiting)
    loaded.commands["cancel"].trigger()
    engines.release()
    run_to_end(loaded, qtbot)
    qtbot.waitUntil(lambda: not loaded.player.playing)
    assert not loaded.player.waiting
