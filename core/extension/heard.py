"""What is played beside the new audio: a listener hears it, and what sounds at the seam goes on into the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.audio.signal import FloatArray
from core.notes.listening import listen
from core.notes.note import Note, moved, one_string_a_key

AT_THE_SEAM = 0.08
"""Seconds: a note that was heard until so shortly before the known audio ends sounds when it ends."""
RINGS_ON = 1.0
"""Seconds that such a note is left to sound, unless its key is struck before."""


def with_heard(
    planned: Sequence[Note], before: FloatArray, after: FloatArray, sample_rate: int, seconds: float
) -> list[Note]:
    """All notes of a run, in seconds from its first new sample: those planned for the `seconds` of new audio, and those
    heard in the known audio (channels, frames) before and behind it.

    Raises NetworkError when there is no listener.
    """
    notes = [note for note in planned if note.onset < seconds]
    if before.shape[1]:
        for note in moved(listen(before, sample_rate), -before.shape[1] / sample_rate):
            notes.append(replace(note, offset=RINGS_ON) if note.offset > -AT_THE_SEAM else note)
    if after.shape[1]:
        notes += moved(listen(after, sample_rate), seconds)
    return one_string_a_key(notes)
