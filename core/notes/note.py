"""A note, and what is known of many. Times are seconds from the first sample of a recording, everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

LOWEST_KEY, HIGHEST_KEY = 21, 108
"""MIDI numbers of the piano's keys, A0 (27.5 Hz) to C8 (4186 Hz)."""
KEYS = HIGHEST_KEY - LOWEST_KEY + 1
A4_KEY, A4_HZ = 69, 440.0
SHORTEST = 0.03
"""Seconds. No piano lets go of a key sooner; a note without length counts as this long."""


@dataclass(frozen=True, order=True, slots=True)
class Note:
    """A key that is struck and let go.

    onset, offset   seconds, onset < offset; a pedal that holds the string counts as the finger that does
    key             MIDI number, 21 to 108
    velocity        how fast the key went down, 1 to 127

    Raises ValueError for anything else.
    """

    onset: float
    offset: float
    key: int
    velocity: int = 80

    def __post_init__(self) -> None:
        if not self.onset < self.offset < float("inf"):
            raise ValueError(f"a note from {self.onset} to {self.offset} s")
        if not LOWEST_KEY <= self.key <= HIGHEST_KEY:
            raise ValueError(f"a note of key {self.key}: a piano has {LOWEST_KEY} to {HIGHEST_KEY}")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"a note of velocity {self.velocity}: it can be 1 to 127")

    @property
    def seconds(self) -> float:
        """How long the string is left to sound."""
        return self.offset - self.onset

    def moved(self, seconds: float) -> Note:
        """The same, later by that much."""
        return replace(self, onset=self.onset + seconds, offset=self.offset + seconds)


def frequency(key: float) -> float:
    """Hz of a key in equal temperament, A4 at 440."""
    return A4_HZ * 2.0 ** ((key - A4_KEY) / 12)


def moved(notes: Iterable[Note], seconds: float) -> list[Note]:
    """All of them, later by that much."""
    return [note.moved(seconds) for note in notes]


def sounding(notes: Iterable[Note], start: float, end: float) -> list[Note]:
    """Those that sound somewhere between two times, whole, in order."""
    return sorted(note for note in notes if note.onset < end and note.offset > start)


def one_string_a_key(notes: Iterable[Note]) -> list[Note]:
    """In order, none sounding into the next of its key: striking a key ends what it was sounding.

    Of notes of one key that begin together the longest is kept, at the loudest's velocity.
    """
    kept: list[Note] = []
    last: dict[int, int] = {}
    for note in sorted(notes):
        index = last.get(note.key)
        if index is not None:
            before = kept[index]
            if note.onset - before.onset < SHORTEST:
                offset, velocity = max(note.offset, before.offset), max(note.velocity, before.velocity)
                kept[index] = replace(before, offset=offset, velocity=velocity)
                continue
            kept[index] = replace(before, offset=min(before.offset, note.onset))
        last[note.key] = len(kept)
        kept.append(note)
    return kept
