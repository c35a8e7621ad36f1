"""The actions of the menu Edit: undo, the lengths, the selection."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation


def _undo(situation: Situation) -> Offer:
    stack = situation.session.undo_stack
    blocked = situation.busy or ("" if stack.canUndo() else "There is nothing to undo.")
    return Offer(blocked, text=f"&Undo {stack.undoText()}".rstrip())


def _redo(situation: Situation) -> Offer:
    stack = situation.session.undo_stack
    blocked = situation.busy or ("" if stack.canRedo() else "There is nothing to redo.")
    return Offer(blocked, text=f"&Redo {stack.redoText()}".rstrip())


def _length(situation: Situation) -> Offer:
    """Also while a run is under way: more may be asked for meanwhile."""
    return Offer(situation.nothing or situation.session.engine.occupied)


def _mark(situation: Situation) -> Offer:
    return Offer(situation.nothing or situation.busy)


EDIT = (
    Spec("undo", "&Undo", "Undo the last change of the extension", ("Ctrl+Z",), "undo", offer=_undo),
    Spec("redo", "&Redo", "Redo what was undone", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", offer=_redo),
    Spec("longer", "&Longer", "Make the extension 0.1 s longer", ("Right",), offer=_length),
    Spec("shorter", "&Shorter", "Make the extension 0.1 s shorter", ("Left",), offer=_length),
    Spec("longer_second", "Longer by 1 s", "Make the extension 1 s longer", ("Shift+Right",), offer=_length),
    Spec("shorter_second", "Shorter by 1 s", "Make the extension 1 s shorter", ("Shift+Left",), offer=_length),
    Spec("earlier", "Begin earlier", "Make what comes before the recording 0.1 s longer", ("Alt+Left",), offer=_length),
    Spec("later", "Begin later", "Make what comes before the recording 0.1 s shorter", ("Alt+Right",), offer=_length),
    Spec("mark_begin", "Selection &begins here", "What is filled anew begins at the playhead", ("B",), offer=_mark),
    Spec("mark_end", "Selection &ends here", "What is filled anew ends at the playhead", ("E",), offer=_mark),
)
