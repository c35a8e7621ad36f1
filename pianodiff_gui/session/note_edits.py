"""What becomes of notes that are edited together: keys stay on the piano, lengths above the shortest. No Qt here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from core.notes.note import HIGHEST_KEY, LOWEST_KEY, SHORTEST, Note
from pianodiff_gui.session.timeline import Gap, Timeline


def shifted(notes: Collection[Note], seconds: float, keys: int) -> list[Note]:
    """All by the same time and interval; by fewer keys where the piano would end."""
    struck = [note.key for note in notes]
    keys = min(max(keys, LOWEST_KEY - min(struck)), HIGHEST_KEY - max(struck))
    return [replace(note.moved(seconds), key=note.key + keys) for note in notes]


def lengthened(notes: Iterable[Note], seconds: float) -> list[Note]:
    """All by the same time, which may be below 0."""
    return [replace(note, offset=max(note.offset + seconds, note.onset + SHORTEST)) for note in notes]


def louder(notes: Iterable[Note], steps: int) -> list[Note]:
    """All by the same number of velocity's 127 steps."""
    return [replace(note, velocity=min(max(note.velocity + steps, 1), 127)) for note in notes]


def begun_at(notes: Collection[Note], seconds: float) -> list[Note]:
    """All together so that the first begins then."""
    return shifted(notes, seconds - min(note.onset for note in notes), 0)


def may_begin_at(timeline: Timeline, selection: Gap | None, seconds: float) -> bool:
    """Whether a note can be planned there: the recording itself is never played anew but where that is asked for.

    selection: the frames that are to be filled anew.
    """
    frame = round(seconds * timeline.sample_rate)
    if selection is not None and selection[0] <= frame < selection[1]:
        return True
    return not any(part.begin <= frame < part.end for part in timeline.parts if part.stretch is None)
