"""The actions of the menus View and Help."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation


def _zoom(situation: Situation) -> Offer:
    return Offer(situation.nothing)


def _scrub(situation: Situation) -> Offer:
    return Offer(situation.session.engine.occupied or situation.no_past)


def _lane(name: str, text: str, key: str) -> Spec:
    tip = f"Show the {name} under the waveform"
    return Spec(f"lane_{name}", text, tip, (key,), short=name.capitalize(), checkable=True, offer=_zoom)


LANES = (
    _lane("notes", "No&tes", "N"),
    _lane("pitch", "&Pitch", "P"),
    _lane("spectrogram", "&Spectrogram", "S"),
)
"""What can be shown under the waveform, in the order of the tabs; the window has a view for each."""

VIEW = (
    Spec("fit", "&Fit", "Show everything", ("F",), "fit", offer=_zoom),
    Spec("zoom_in", "Zoom &in", "Zoom in", ("+", "=", "Ctrl++"), "zoom-in", offer=_zoom),
    Spec("zoom_out", "Zoom &out", "Zoom out", ("-", "Ctrl+-"), "zoom-out", offer=_zoom),
    *LANES,
    Spec("noisier", "&Noisier step", "Back through the last run, towards noise", ("PgUp", "["), offer=_scrub),
    Spec("cleaner", "&Cleaner step", "On through the last run, towards music", ("PgDown", "]"), offer=_scrub),
)

HELP = (
    Spec("palette", "&Find a command\u2026", "Every command by its name, with its keys", ("Ctrl+K",)),
    Spec("shortcuts", "&Keyboard shortcuts", "All shortcuts on one page", ("F1",)),
    Spec("log", "Show the &log", "Open the folder with the log file"),
    Spec("about", "&About PianoDiff", "What this is and what it is made of"),
)
