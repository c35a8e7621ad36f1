"""How far two sets of notes agree: notes asked and notes heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from core.notes.note import Note

TOLERANCE = 0.05
"""Seconds between two onsets that count as one, as is usual for piano transcription."""


class Agreement(NamedTuple):
    """Counts of notes; from several recordings they add up."""

    asked: int
    heard: int
    matched: int

    @property
    def precision(self) -> float:
        """Of the notes heard, the share that was asked; 0 when none was heard."""
        return self.matched / self.heard if self.heard else 0.0

    @property
    def recall(self) -> float:
        """Of the notes asked, the share that was heard; 0 when none was asked."""
        return self.matched / self.asked if self.asked else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; 1 when nothing was asked and nothing heard."""
        both = self.asked + self.heard
        return 2 * self.matched / both if both else 1.0


def agree(asked: Iterable[Note], heard: Iterable[Note], tolerance: float = TOLERANCE) -> Agreement:
    """How many notes of the one are in the other: see `matched`."""
    wanted, found = list(asked), list(heard)
    return Agreement(len(wanted), len(found), len(matched(wanted, found, tolerance)))


def matched(
    asked: Iterable[Note], heard: Iterable[Note], tolerance: float = TOLERANCE
) -> list[tuple[Note, Note]]:
    """Pairs of notes of one key whose onsets are at most `tolerance` apart, each matched once, as many as can be.

    Along one key, taking them in order is the largest matching: what can be matched earlier leaves more for later.
    """
    wanted, found = _by_key(asked), _by_key(heard)
    pairs = []
    for key, notes in wanted.items():
        others = found.get(key, [])
        i = j = 0
        while i < len(notes) and j < len(others):
            apart = others[j].onset - notes[i].onset
            if abs(apart) <= tolerance + 1e-9:
                pairs.append((notes[i], others[j]))
                i, j = i + 1, j + 1
            elif apart < 0:
                j += 1
            else:
                i += 1
    return pairs


def total(agreements: Iterable[Agreement]) -> Agreement:
    """All of them together."""
    counts = list(agreements)
    return Agreement(*(sum(getattr(count, name) for count in counts) for name in Agreement._fields))


def _by_key(notes: Iterable[Note]) -> dict[int, list[Note]]:
    by_key: dict[int, list[Note]] = defaultdict(list)
    for note in sorted(notes):
        by_key[note.key].append(note)
    return by_key
