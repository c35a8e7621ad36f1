"""Edited notes, and keys of the roll's keyboard, are heard."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.notes.note import Note
from pianodiff_gui.presenters.auditioning import MOST_NOTES, excerpt
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice


@pytest.fixture
def device(loaded: MainWindow, monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    card = loaded.player.card
    card.library = FakeSoundDevice()
    monkeypatch.setattr(type(card), "unavailable", lambda _card: "")
    return card.library


def test_a_note_that_is_planned_sounds_with_its_pitch(
    loaded: MainWindow, qtbot: QtBot, device: FakeSoundDevice
) -> None:
    """Breaks when an edit is silent, or sounds as another key than it is planned for."""
    loaded.roll.editor.sounded.emit([Note(3.5, 4.5, 69, 100)])
    qtbot.waitUntil(lambda: bool(device.streams) and not loaded.auditioning.voice.silent, timeout=5000)
    stream = device.streams[0]
    stream.pull(48_000)
    loudest = np.argmax(np.abs(np.fft.rfft(stream.heard())))
    assert loudest == pytest.approx(440, abs=2)


def test_a_key_sounds_and_the_device_is_given_back(
    loaded: MainWindow, qtbot: QtBot, device: FakeSoundDevice
) -> None:
    """Breaks when the sound device is held for ever: other programs may wait for it."""
    loaded.roll.keyboard.pressed.emit(60)
    qtbot.waitUntil(lambda: bool(device.streams) and not loaded.auditioning.voice.silent, timeout=5000)
    assert device.streams[0].active
    device.streams[0].pull(2 * 48_000)
    qtbot.waitUntil(lambda: not device.streams[0].active, timeout=5000)


def test_without_a_sound_card_it_is_said(loaded: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when an edit on a machine without sound ends in an error, or nobody learns why it is silent."""
    monkeypatch.setattr(type(loaded.player.card), "unavailable", lambda _card: "No sound: there is no device.")
    loaded.roll.keyboard.pressed.emit(60)
    assert loaded.status.message.text() == "No sound: there is no device."


def test_a_device_that_can_not_be_opened_is_told(
    loaded: MainWindow, qtbot: QtBot, device: FakeSoundDevice
) -> None:
    """Breaks when a device that another program holds leaves a silent keyboard, or a dialog for each key."""
    device.fail = True
    loaded.roll.keyboard.pressed.emit(60)
    told = "The sound device could not be opened (Device unavailable)"
    qtbot.waitUntil(lambda: loaded.status.message.text().startswith(told), timeout=5000)
    device.fail = False
    loaded.roll.keyboard.pressed.emit(60)
    qtbot.waitUntil(lambda: bool(device.streams), timeout=5000)


def test_of_a_long_plan_its_beginning_is_heard() -> None:
    """Breaks when moving a whole piece sketches a whole piece."""
    heard = excerpt([Note(10.0 + at / 10, 40.0, 30 + at) for at in range(60)])
    assert len(heard) == MOST_NOTES and heard[0].onset == 0.0 and max(note.offset for note in heard) < 3.1
