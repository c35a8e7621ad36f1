"""The actions about notes, in the menus File and Edit."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation


def _import(situation: Situation) -> Offer:
    return Offer(situation.nothing or situation.busy)


def _export(situation: Situation) -> Offer:
    score = situation.session.score
    return Offer(situation.nothing or ("" if score.planned or score.heard else "There are no notes yet."))


def _edit(situation: Situation) -> Offer:
    return Offer(situation.nothing or situation.busy or situation.unseen)


def _all(situation: Situation) -> Offer:
    planned = "" if situation.session.score.planned else "No notes are planned."
    return Offer(_edit(situation).blocked or planned)


def _chosen(situation: Situation) -> Offer:
    return Offer(_edit(situation).blocked or ("" if situation.chosen else "Choose planned notes first."))


def _paste(situation: Situation) -> Offer:
    return Offer(_edit(situation).blocked or ("" if situation.copied else "Copy planned notes first."))


NOTE_FILES = (
    Spec(
        "import_notes",
        "&Import notes\u2026",
        "Plan the notes of a MIDI file, from where new audio begins",
        offer=_import,
    ),
    Spec("export_notes", "Export no&tes\u2026", "Write the notes, heard and planned, to a MIDI file", offer=_export),
)
NOTES = (
    Spec(
        "pencil",
        "&Draw notes",
        "Draw notes by dragging; without, a double-click does",
        ("W",),
        "pencil",
        checkable=True,
        offer=_edit,
    ),
    Spec("cut_notes", "Cu&t notes", "Cut the planned notes that are chosen", ("Ctrl+X",), offer=_chosen),
    Spec("copy_notes", "&Copy notes", "Copy the planned notes that are chosen", ("Ctrl+C",), offer=_chosen),
    Spec(
        "paste_notes",
        "&Paste notes",
        "Paste notes at the playhead, or where new audio begins",
        ("Ctrl+V",),
        offer=_paste,
    ),
    Spec("all_notes", "Choose &all notes", "Choose every planned note", ("Ctrl+A",), offer=_all),
)
