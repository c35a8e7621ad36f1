"""Short sounds, one over the other, through a sound card that plays into memory."""

from __future__ import annotations

import numpy as np
import pytest

from pianodiff_gui.sound.card import SoundCard
from pianodiff_gui.sound.voice import Voice
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice, FakeStream

ONE = np.full(300, 0.25, np.float32)


@pytest.fixture
def device() -> FakeSoundDevice:
    return FakeSoundDevice()


@pytest.fixture
def voice(device: FakeSoundDevice) -> Voice:
    card = SoundCard()
    card.library = device
    return Voice(card)


def stream_of(device: FakeSoundDevice) -> FakeStream:
    return device.streams[-1]


def test_a_sound_is_handed_over_whole_and_then_there_is_silence(voice: Voice, device: FakeSoundDevice) -> None:
    """Breaks when its beginning is lost, or the callback leaves what was in the buffer before."""
    voice.sound(lambda rate: ONE if rate == 48_000 else ONE[:0])
    assert not voice.silent
    for _ in range(4):
        stream_of(device).pull(128)
    heard = stream_of(device).heard()
    np.testing.assert_array_equal(heard, np.concatenate([ONE, np.zeros(212, np.float32)]))
    assert voice.silent


def test_a_second_sound_joins_the_first(voice: Voice, device: FakeSoundDevice) -> None:
    """Breaks when a new note cuts the last one off, or the device is opened for each."""
    voice.sound(lambda _rate: ONE)
    stream_of(device).pull(100)
    voice.sound(lambda _rate: 2 * ONE)
    for _ in range(5):
        stream_of(device).pull(100)
    heard = stream_of(device).heard()
    wanted = np.zeros(600, np.float32)
    wanted[:300] += 0.25
    wanted[200:500] += 0.5  # behind the block that may be under way
    np.testing.assert_allclose(heard, wanted)
    assert len(device.streams) == 1


def test_many_sounds_stay_within_the_range_of_samples(voice: Voice, device: FakeSoundDevice) -> None:
    """Breaks when a chord wraps around or is handed over too loud."""
    for _ in range(9):
        voice.sound(lambda _rate: ONE)
    stream_of(device).pull(300)
    assert np.abs(stream_of(device).heard()).max() == 1.0


def test_a_device_that_was_closed_or_went_away_is_opened_again(voice: Voice, device: FakeSoundDevice) -> None:
    """Breaks when nothing sounds any more after a pause, or after headphones were pulled out."""
    voice.sound(lambda _rate: ONE)
    voice.close()
    assert voice.silent and not stream_of(device).active
    voice.sound(lambda _rate: ONE)
    stream_of(device).active = False
    voice.sound(lambda _rate: ONE)
    stream_of(device).pull(300)
    assert len(device.streams) == 3
    np.testing.assert_array_equal(stream_of(device).heard(), ONE)
