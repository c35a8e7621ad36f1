"""A machine without a sound card, and one that is plugged in later."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import run_to_end
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice, no_device


def test_without_a_sound_card_everything_else_works(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """Breaks when a machine without audio output shows an error instead of a grey button with its reason."""
    monkeypatch.setattr(loaded.player.card, "library", SimpleNamespace(query_devices=no_device))
    loaded.listening.look_for_sound()
    assert not loaded.commands["play"].isEnabled()
    assert "no audio output device" in loaded.commands["play"].toolTip()
    assert loaded.status.sound.text() == "no sound"
    loaded.player.play()
    assert not loaded.player.playing
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(2.0)
    assert problems == []


def test_a_card_plugged_in_later_is_found(loaded: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when headphones plugged in after the start need a restart of the program."""
    restarts: list[str] = []
    device = SimpleNamespace(
        query_devices=no_device,
        _terminate=lambda: restarts.append("end"),
        _initialize=lambda: restarts.append("start"),
    )
    monkeypatch.setattr(loaded.player.card, "library", device)
    loaded.listening.look_for_sound()
    assert not loaded.commands["play"].isEnabled()
    device.query_devices = FakeSoundDevice().query_devices
    loaded.commands["sound"].trigger()
    assert restarts == ["end", "start"]
    assert loaded.commands["play"].isEnabled()
    assert loaded.status.sound.text() == ""
