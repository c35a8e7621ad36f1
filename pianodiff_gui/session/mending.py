"""What has to be made anew of a selection for its notes to change, where the rest is to stay as it was played."""

from __future__ import annotations

from dataclasses import replace

from core.extension.mending import Changes, changes
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
    found = changes(errand.within(heard), errand.within(planned))
    rate = errand.base.sample_rate
    (first, last), placed = found.placed({*heard} - {*found.gone}, *gap, rate)
    return replace(errand, goal=Goal((last - first) / rate, (first, last))), placed
