"""The actions of the menu File."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation


def _recover(situation: Situation) -> Offer:
    return Offer("" if situation.recoverable else "There is nothing to recover.")


def _choose(situation: Situation) -> Offer:
    """Another network or sampler: what runs has its own, but the panel would show the other."""
    return Offer(situation.busy)


def _about_network(situation: Situation) -> Offer:
    return Offer("" if situation.session.choice.network is not None else "There is no network.")


def _export(situation: Situation) -> Offer:
    timeline = situation.session.timeline
    if situation.nothing or (timeline is not None and timeline.generated_frames > 0):
        return Offer(situation.nothing)
    shown = "Show a take first, by its number key or its card."
    return Offer(shown if situation.session.takes.all else "Extend the recording first.")


def _save(situation: Situation) -> Offer:
    return Offer(situation.nothing or situation.unsaveable)


def _figures(situation: Situation) -> Offer:
    going_on = "" if situation.drawable else "No take goes on from the end of the recording. Extend first."
    return Offer(situation.nothing or situation.busy or going_on)


FILE = (
    Spec("open", "&Open\u2026", "Open a piano recording", ("Ctrl+O",), "open", "Open"),
    Spec("demo", "Open the &demo clip", "Open the short recording that comes with PianoDiff"),
    Spec("recover", "&Recover last session", "Bring back what was generated and not exported", offer=_recover),
    Spec(
        "network",
        "Choose a &network\u2026",
        "Extend with a network of your own, from a file",
        ("Ctrl+Shift+O",),
        offer=_choose,
    ),
    Spec(
        "network_folder",
        "Choose a network &folder\u2026",
        "Extend with a network that is a folder, such as a training run",
        ("Ctrl+Alt+O",),
        offer=_choose,
    ),
    Spec("sampler", "Choose a &sampler\u2026", "Sample by a Python file of your own", offer=_choose),
    Spec("network_info", "&About this network", "What the chosen network is", ("I",), "info", offer=_about_network),
    Spec(
        "export",
        "&Export\u2026",
        "Write the recording with its extension to a file",
        ("Ctrl+E",),
        "export",
        "Export",
        offer=_export,
    ),
    Spec("save", "&Save session\u2026", "Write takes, notes and settings to a file", ("Ctrl+S",), offer=_save),
    Spec("figures", "Export &figures\u2026", "Draw the paper's figures 2 to 6 of the takes", offer=_figures),
    Spec("quit", "&Quit", "Close PianoDiff", ("Ctrl+Q",)),
)
