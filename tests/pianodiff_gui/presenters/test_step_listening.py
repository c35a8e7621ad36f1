"""Listening to a step of a past run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.audio.signal import active_rms
from pianodiff_gui.presenters.step_listening import at_loudness
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import (
    extend,
    shown_history,
)
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice, no_device


def listen_with(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    device = FakeSoundDevice()
    monkeypatch.setattr(window.player.card, "library", device)
    window.listening.look_for_sound()
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
    feed = loaded.steps.player._feed
    assert feed is not None
    asked = feed._wish
    qtbot.waitUntil(lambda: feed.programme is asked)
    stream.pull(5000)  # it is gone over to a moment ahead of what is heard
    stream.pull(500)
    want = shown_history(loaded).moments[0].x.unpacked()[5500:6000]
    heard = stream.got[2][:, 0]
    np.testing.assert_allclose(heard / np.abs(heard).max(), want / np.abs(want).max(), atol=1e-3)
    qtbot.waitUntil(lambda: loaded.diffusion.plot.playhead.isVisible(), timeout=2000)
    loaded.steps.player.close()


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
    players = {"recording": window.player, "step": window.steps.player}
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
    loaded.listening.look_for_sound()
    assert not listen.isEnabled() and "Extend first" in listen.toolTip()
    extend(loaded, qtbot)
    assert not listen.isEnabled() and "no audio output device" in listen.toolTip()
    assert not loaded.diffusion.scrub.listen.isEnabled()
    assert loaded.commands["noisier"].isEnabled()
