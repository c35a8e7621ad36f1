"""The notes that lead a continuation: the truth's own or composed ones, and those heard in the known audio."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

from core.audio.signal import FloatArray
from core.extension.composing import compose
from core.extension.heard import with_heard
from core.extension.planning import Beside
from core.extension.taste import SETTINGS, Taste
from core.networks.composer_card import load_composer
from core.notes.agreement import matched
from core.notes.midi import read_midi
from core.notes.note import Note, moved
from core.study.cases import Case
from core.study.features import RATE
from core.study.hearing import Heard, hear
from core.study.methods import LedBy


@dataclass(frozen=True)
class Leading:
    """In seconds from the first new sample.

    asked   what is to be played: notes that begin in the new part
    notes   what the run is given: those, and what is heard in the known audio
    """

    asked: tuple[Note, ...]
    notes: tuple[Note, ...]


class Leader:
    """Finds the notes of every continuation of a study. Rows, and takes led by the truth, share what it has found.

    seed    the study's
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._found: dict[tuple[LedBy, Case, int, int], Leading] = {}

    def lead(self, led_by: LedBy, case: Case, take: int, reach: int) -> Leading:
        """The notes of a continuation.

        Args:
            take: its how-manieth of the case; to each the composer finds other notes, whatever the method.
            reach: how many of the known frames, at :data:`RATE`, the run looks at.

        Raises AudioError, NotesError, NetworkError: the clip, the notes beside it or the listener can't be read.
        """
        key = (led_by, case, take if led_by == "composed" else 0, reach)
        if key not in self._found:
            known, true = case.read()
            if led_by == "composed":
                asked = _composed(known, case.new_seconds, case.seed(self._seed, take))
            else:
                asked = true_notes(case, hear(known, true))
            beside = known[None, max(0, known.size - reach) :]
            notes = with_heard(asked, beside, beside[:, :0], RATE, case.new_seconds)
            self._found[key] = Leading(tuple(asked), tuple(notes))
        return self._found[key]


def true_notes(case: Case, heard: Heard) -> list[Note]:
    """The notes that begin in the true continuation, in seconds from its first sample: those in the MIDI file beside
    the clip (the same name with .mid, its time 0 being the clip's first sample), else those that were `heard` in it.

    A velocity means another loudness on every piano and to every ear, and the run takes those of the known part from
    our listener. So all of a file's are raised or lowered by what lies between them and that, note by note of the known
    part, in the median.

    Raises NotesError: the file holds none, or can't be read.
    """
    beside = case.clip.with_suffix(".mid")
    if not beside.is_file():
        return heard.new
    notes = moved(read_midi(beside).notes, -(case.begin_seconds + case.known_seconds))
    both = matched((note for note in notes if note.onset < 0), heard.known)
    louder = round(median(ours.velocity - theirs.velocity for theirs, ours in both)) if both else 0
    return [
        replace(note, velocity=min(127, max(1, note.velocity + louder)))
        for note in notes
        if 0 <= note.onset < case.new_seconds
    ]


def _composed(known: FloatArray, seconds: float, seed: int) -> list[Note]:
    beside = Beside(hear(known, known[:0]).known, seconds, (known.size / RATE, 0.0))
    if not beside.before:
        return []
    return compose(beside.composition(load_composer(), replace(SETTINGS, seed=seed), Taste()))
