"""Notes as a piano roll, and back."""

import numpy as np
import pytest

from core.notes.agreement import agree
from core.notes.note import Note, one_string_a_key
from core.notes.roll import FRAMES_A_SECOND, notes_from, roll_of, transposed


def some_notes(count: int = 60) -> list[Note]:
    rng = np.random.default_rng(2)
    onsets = rng.uniform(0.2, 9, count)
    return one_string_a_key(
        Note(float(onset), float(onset + length), int(key), int(velocity))
        for onset, length, key, velocity in zip(
            onsets, rng.uniform(0.2, 1, count), rng.integers(21, 109, count), rng.integers(1, 128, count), strict=True
        )
    )


def test_a_roll_holds_its_notes() -> None:
    """Onsets to 2 ms though frames are 42 ms apart, velocities to 2. Breaks when writing and reading don't fit."""
    notes = some_notes()
    found = notes_from(roll_of(notes, 11 * FRAMES_A_SECOND))
    assert agree(notes, found, 0.002) == (len(notes), len(notes), len(notes))
    for asked, read in zip(notes, found, strict=True):
        assert read.velocity == pytest.approx(asked.velocity, abs=2)
        assert read.seconds == pytest.approx(asked.seconds, rel=0.01)


def test_a_roll_that_is_a_little_wrong_holds_the_same_notes() -> None:
    """What a sampler ends with is never exactly 0 or 1."""
    notes = some_notes()
    roll = roll_of(notes, 11 * FRAMES_A_SECOND)
    noise = np.random.default_rng(3).normal(0, 0.05, roll.shape).astype(np.float32)
    assert agree(notes, notes_from(roll + noise)).f1 > 0.97


def test_what_lies_outside_is_cut_off() -> None:
    """Notes that were struck before are not struck again, and a length goes on beyond the roll's end."""
    roll = roll_of([Note(-1.0, 0.5, 60), Note(0.5, 9.0, 64), Note(3.0, 4.0, 70)], 2 * FRAMES_A_SECOND)
    assert [(note.key, round(note.offset, 3)) for note in notes_from(roll)] == [(64, 9.0)]
    assert not roll[:, :, [39, 49]].any()


@pytest.mark.parametrize("keys", [-3, 0, 5])
def test_transposing_moves_keys_and_nothing_else(keys: int) -> None:
    """What no piano has is lost, and doesn't come in at the other end."""
    notes = [Note(0.5, 1.0, 21, 90), Note(1.0, 1.5, 60, 70), Note(1.5, 1.9, 108, 50)]
    moved = notes_from(transposed(roll_of(notes, 2 * FRAMES_A_SECOND), keys))
    assert [note.key for note in moved] == [note.key + keys for note in notes if 21 <= note.key + keys <= 108]
