"""The level meter: what it shows of what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.sound.ballistics import FALL, FLOOR, FULL, HOLD, Ballistics
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice, make_player
from tests.pianodiff_gui.sound.test_growing import MUSIC, RATE, Growing, pull


def test_it_rises_at_once_falls_slowly_and_holds_the_peak() -> None:
    """Breaks when a short peak can't be seen, or the bar falls at another rate than it says."""
    meter = Ballistics()
    meter.advance(0.5, 0.03)
    assert meter.level == meter.held == pytest.approx(-6.02, abs=0.01) and not meter.clipped
    meter.advance(0.0, 0.5)
    assert meter.level == pytest.approx(-6.02 - 0.5 * FALL, abs=0.01) and meter.held == pytest.approx(-6.02, abs=0.01)
    meter.advance(0.0, HOLD)
    assert meter.held < -6.1
    for _ in range(100):
        meter.advance(0.0, 0.1)
    assert meter.resting and meter.level == FLOOR


def test_full_scale_lights_the_lamp_until_it_is_reset() -> None:
    """Breaks when 16-bit full scale doesn't count as clipped, less does, or the light goes out by itself."""
    meter = Ballistics()
    meter.advance(FULL - 1e-4, 0.03)
    assert not meter.clipped
    meter.advance(32767 / 32768, 0.03)
    meter.advance(0.0, 60.0)
    assert meter.clipped


def test_no_frame_that_is_heard_is_missed_by_the_meter(qapp: object, qtbot: QtBot) -> None:
    """Breaks when a peak between two looks is overlooked, or one is shown before it is heard."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(Growing(5 * RATE))
    player.play()
    (stream,) = device.streams
    told: list[np.ndarray] = []
    for _ in range(30):
        pull(player, stream, 882, qtbot)
        qtbot.wait(30)
        told.append(player.recent())
    heard = np.concatenate(told)
    np.testing.assert_array_equal(heard[:, 0], MUSIC[: len(heard)])
    assert len(heard) > 20 * 882
    player.pause()
    assert not len(player.recent())


def test_the_meter_of_the_window_moves_and_rests(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the meter stands still while music plays, has no words, or its timer runs for ever."""
    device = FakeSoundDevice()
    monkeypatch.setattr(loaded.player.card, "library", device)
    loaded.listening.look_for_sound()
    meter = loaded.toolbar.meter
    assert meter.accessibleName() and meter.accessibleDescription() == "Silent"
    loaded.player.play()
    for _ in range(10):
        device.streams[0].pull(1000)
        qtbot.wait(20)
    qtbot.waitUntil(lambda: meter.channels[0].held == pytest.approx(-10.5, abs=1.0))  # the clip's tone begins at 0.3
    assert "Peak" in meter.accessibleDescription()
    meter.channels[0].clipped = True
    qtbot.mouseClick(meter, Qt.MouseButton.LeftButton)
    assert not meter.clipped
    loaded.player.pause()
    qtbot.waitUntil(lambda: not loaded.metering._timer.isActive(), timeout=10_000)
    assert meter.resting
