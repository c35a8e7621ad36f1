"""The listener that is shipped, on sounds that are made up: no recording is needed to see that it hears."""

import numpy as np
import pytest

from core.audio.signal import resample
from core.networks.listener_card import load_listener
from core.notes.agreement import agree
from core.notes.listening import listen
from core.notes.note import Note
from core.notes.sketch import sketch
from tests.core.tones import melody

RATE = 22_050
NAMES = ["C4", "E4", "G4", "C5", "E5", "G5", "C3", "G3", "D4", "F4", "A4", "A3"]
KEYS = [60, 64, 67, 72, 76, 79, 48, 55, 62, 65, 69, 57]
NOTES = [Note(0.3 + 0.4 * i, 0.68 + 0.4 * i, key, 70) for i, key in enumerate(KEYS)]


def test_it_hears_a_melody_of_struck_strings() -> None:
    """Breaks when weights, level, bands or hop are not those that it was trained with."""
    tones = np.concatenate([np.zeros(round(0.3 * RATE), np.float32), melody(NAMES, 0.4)])
    assert agree(NOTES, listen(tones[None], RATE)).f1 > 0.9


@pytest.mark.parametrize(("rate", "gain"), [(22_050, 1.0), (48_000, 0.003)])
def test_it_hears_what_is_sketched_at_any_rate_and_level(rate: int, gain: float) -> None:
    """Also in chords. Breaks when a quiet recording is heard worse, or time is lost in resampling."""
    chords = [*NOTES, *(Note(n.onset, n.offset, n.key - 12, 60) for n in NOTES[::3])]
    audio = resample(np.float32(gain) * sketch(chords, 6 * RATE, RATE)[None], RATE, rate)
    assert agree(chords, listen(audio, rate)).f1 > 0.85


def test_it_is_small() -> None:
    """At most 3 million weights: it has to keep up with whoever opens a recording."""
    _, network = load_listener()
    assert sum(parameter.numel() for parameter in network.parameters()) < 3_000_000
