"""What has to be made anew of a selection for its notes to change, where the rest is to stay as it was played."""

from __future__ import annotations

from dataclasses import replace

from core.extension.mending import Changes, changes
from core.notes.note import sounding
from pianodiff_gui.session.goal import Errand, Goal
from pianodiff_gui.session.score import Notes
from pianodiff_gui.session.timeline import is_within


def narrowed(errand: Errand, heard: Notes, planned: Notes) -> tuple[Errand, Changes]:
    """`errand`, which fills a selection, as long as what changes in it rings; and what that is, in seconds from the
    first sample that is made. heard, planned: as the score has them.

    Raises NotesError: nothing changes.
    """
    gap = errand.goal.gap
    assert is_within(gap)
    there = errand.within(heard)
    found = changes(there, errand.within(planned))
    rate = errand.base.sample_rate
    begin, end = found.rings
    first, last = max(gap[0], round(begin * rate)), min(gap[1], round(end * rate))
    stay = sounding({*found.stay, *heard} - {*found.gone}, first / rate, last / rate)
    goal = Goal((last - first) / rate, (first, last))
    return replace(errand, goal=goal), replace(found, stay=tuple(stay)).moved(-first / rate)
