"""The figures of notes: what our listener hears in a continuation, against what was asked and against the truth.

They are as good as the listener: what it hears is not what is there (its card says how far). So each is to be compared
with the true row's, which it heard as well. They are columns of :data:`core.study.metrics.COLUMNS` of kind "notes".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.notes.agreement import TOLERANCE, Agreement, agree
from core.notes.note import Note
from core.study.hearing import Heard


def note_figures(asked: Sequence[Note] | None, heard: Heard, true: Heard) -> dict[str, float]:
    """All of them, by the columns' names.

    Args:
        asked: the notes that led it; None where none did.
        heard: in the known audio and the new.
        true: in the known audio and what really followed.
    """
    agreement = None if asked is None else agreement_in_new(asked, heard)
    return {
        "note_precision": precision(agreement),
        "note_recall": recall(agreement),
        "note_f1": f1(agreement),
        "note_rate": rate_ratio(heard, true),
        "note_classes": familiar_classes(heard, true),
    }


def agreement_in_new(asked: Sequence[Note], heard: Heard) -> Agreement:
    """Notes asked in the new part against those heard there. What is heard up to TOLERANCE before it counts where it is
    what was asked, and is no mistake where it isn't: then it is the known part's.
    """
    before = [note for note in heard.known if note.onset >= -TOLERANCE]
    matched = agree(asked, [*before, *heard.new]).matched
    early = matched - agree(asked, heard.new).matched
    return Agreement(len(asked), len(heard.new) + early, matched)


def precision(agreement: Agreement | None) -> float:
    """Of the notes heard in the new part, the share that was asked: the same key, an onset at most 50 ms off. NaN where
    no notes led it, or none is heard.

    Tells notes that nobody asked for. Can't tell a note that the listener only imagines from one that is there, nor a
    right sound from a wrong one: the true row says how many it imagines in real music.
    """
    return agreement.precision if agreement is not None and agreement.heard else math.nan


def recall(agreement: Agreement | None) -> float:
    """Of the notes asked for, the share that is heard. NaN where there were none.

    Tells notes that are missing. Can't tell what was asked from what is heard beside it: a continuation that strikes
    every key has them all.
    """
    return agreement.recall if agreement is not None and agreement.asked else math.nan


def f1(agreement: Agreement | None) -> float:
    """Harmonic mean of the two: 1 where exactly what was asked is heard. NaN where no notes led it.

    Tells whether the plan is played. Can't tell how well, nor whether it was worth playing; how long and how loud notes
    are doesn't count.
    """
    return agreement.f1 if agreement is not None else math.nan


def rate_ratio(heard: Heard, true: Heard) -> float:
    """Notes heard in the new part over those heard in the true continuation, (n + 1/2) / (m + 1/2): 1 for the true row.

    Tells partials that are no notes (far below 1) and a rattle of notes (above) from playing; compare by ratio.
    Can't tell which notes, nor when.
    """
    return (len(heard.new) + 0.5) / (len(true.new) + 0.5)


def familiar_classes(heard: Heard, true: Heard) -> float:
    """Share of the notes heard in the new part whose pitch class (C, C sharp, ...) is among those heard in the known
    part. NaN where no note is heard in the one or the other.

    Tells notes of another key. Can't tell a melody from any notes of these classes: with many in the known part, all
    twelve pass. The truth itself moves on: nearer 1 is not better, nearer the true row is.
    """
    known = {note.key % 12 for note in true.known}
    if not known or not heard.new:
        return math.nan
    return sum(note.key % 12 in known for note in heard.new) / len(heard.new)
