"""Every command of the window, declared in one place: its name, shortcut, icon and explanation."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from pianodiff_gui.look.theme import Theme


@dataclass(frozen=True)
class Spec:
    """A command. `short` is its name on a button, `tip` what it does; shortcuts are Qt key sequences."""

    name: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    short: str = ""
    checkable: bool = False
    group: str = ""



def _take_tip(key: int) -> str:
    return "Show the first take; 2 to 9 show the others" if key == 1 else f"Show take {key}"


SPECS = (
    Spec("open", "&Open\u2026", "Open a piano recording", ("Ctrl+O",), "open", "Open", group="File"),
    Spec("demo", "Open the &demo clip", "Open the short recording that comes with PianoDiff", group="File"),
    Spec("recover", "&Recover last session", "Bring back what was generated and not exported", group="File"),
    Spec(
        "network",
        "Choose a &network\u2026",
        "Extend with a network of your own, from a file",
        ("Ctrl+Shift+O",),
        group="File",
    ),
    Spec(
        "network_folder",
        "Choose a network &folder\u2026",
        "Extend with a network that is a folder, such as a training run",
        ("Ctrl+Alt+O",),
        group="File",
    ),
    Spec("sampler", "Choose a &sampler\u2026", "Sample by a Python file of your own", group="File"),
    Spec("network_info", "&About this network", "What the chosen network is", ("I",), "info", group="File"),
    Spec(
        "export",
        "&Export\u2026",
        "Write the recording with its extension to a file",
        ("Ctrl+E",),
        "export",
        "Export",
        group="File",
    ),
    Spec("save", "&Save session\u2026", "Write the takes and settings to a file", ("Ctrl+S",), group="File"),
    Spec("figures", "Export &figures\u2026", "Draw the paper's figures 2 to 6 of the takes", group="File"),
    Spec("quit", "&Quit", "Close PianoDiff", ("Ctrl+Q",), group="File"),
    Spec("undo", "&Undo", "Undo the last change of the extension", ("Ctrl+Z",), "undo", group="Edit"),
    Spec("redo", "&Redo", "Redo what was undone", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", group="Edit"),
    Spec("longer", "&Longer", "Make the extension 0.1 s longer", ("Right",), group="Edit"),
    Spec("shorter", "&Shorter", "Make the extension 0.1 s shorter", ("Left",), group="Edit"),
    Spec("longer_second", "Longer by 1 s", "Make the extension 1 s longer", ("Shift+Right",), group="Edit"),
    Spec("shorter_second", "Shorter by 1 s", "Make the extension 1 s shorter", ("Shift+Left",), group="Edit"),
    Spec("earlier", "Begin earlier", "Make what comes before the recording 0.1 s longer", ("Alt+Left",), group="Edit"),
    Spec("later", "Begin later", "Make what comes before the recording 0.1 s shorter", ("Alt+Right",), group="Edit"),
    Spec("mark_begin", "Selection &begins here", "What is filled anew begins at the playhead", ("B",), group="Edit"),
    Spec("mark_end", "Selection &ends here", "What is filled anew ends at the playhead", ("E",), group="Edit"),
    Spec(
        "extend",
        "E&xtend",
        "Go on from the end of what is there",
        ("Ctrl+Return", "Ctrl+Enter"),
        "extend",
        "Extend",
        group="Run",
    ),
    Spec(
        "again",
        "&Try again",
        "Replace the last extension by another, with a new seed",
        ("R",),
        "retry",
        "Try again",
        group="Run",
    ),
    Spec(
        "cancel",
        "&Cancel",
        "Stop within one step and keep the windows that are complete",
        ("Escape",),
        "cancel",
        "Cancel",
        group="Run",
    ),
    Spec("duel", "D&uel\u2026", "Compare samplers, from the same noise", ("Ctrl+D",), group="Run"),
    Spec("dice", "New &seed", "Draw another seed", ("D",), "dice", group="Run"),
    Spec("recording", "&Recording by itself", "Show the recording without anything generated", ("0",), group="Takes"),
    *(Spec(f"take_{key}", f"Take &{key}", _take_tip(key), (str(key),), group="Takes") for key in range(1, 10)),
    Spec("rename_take", "Re&name\u2026", "Give the take that is shown another name", ("F2",), group="Takes"),
    Spec("delete_take", "&Delete", "Take the take that is shown off the list", ("Delete",), group="Takes"),
    Spec("compare", "&Compare\u2026", "All takes in one table, with figures", ("T",), group="Takes"),
    Spec("play", "&Play", "Play from the playhead, or pause", ("Space",), "play", "Play", group="Play"),
    Spec("stop", "&Stop", "Stop and go back to the start", ("Ctrl+.",), "stop", "Stop", group="Play"),
    Spec("loop", "&Loop", "Start over at the end", ("L",), "loop", "Loop", checkable=True, group="Play"),
    Spec("start", "To the s&tart", "Move the playhead to the start", ("Home",), "start", group="Play"),
    Spec("end", "To the &boundary", "Move the playhead to where the extension begins", ("End",), group="Play"),
    Spec(
        "listen",
        "Listen to the st&ep",
        "Play the shown step as loud as the recording, or pause",
        ("Shift+Space",),
        "play",
        "Listen",
        group="Play",
    ),
    Spec(
        "sound",
        "Look for sound &devices",
        "Look again for a sound card, for example after plugging one in",
        group="Play",
    ),
    Spec("fit", "&Fit", "Show everything", ("F",), "fit", group="View"),
    Spec("zoom_in", "Zoom &in", "Zoom in", ("+", "=", "Ctrl++"), "zoom-in", group="View"),
    Spec("zoom_out", "Zoom &out", "Zoom out", ("-", "Ctrl+-"), "zoom-out", group="View"),
    Spec("noisier", "&Noisier step", "Back through the last run, towards noise", ("PgUp", "["), group="View"),
    Spec("cleaner", "&Cleaner step", "On through the last run, towards music", ("PgDown", "]"), group="View"),
    Spec("shortcuts", "&Keyboard shortcuts", "All shortcuts on one page", ("F1",), group="Help"),
    Spec("log", "Show the &log", "Open the folder with the log file", group="Help"),
    Spec("about", "&About PianoDiff", "What this is and what it is made of", group="Help"),
)


class Actions(QObject):
    """The QActions made from SPECS, by name: `actions["open"]`."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions: dict[str, QAction] = {}
        for spec in SPECS:
            action = QAction(spec.text, parent)
            action.setObjectName(spec.name)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(spec.checkable)
            if spec.short:
                action.setIconText(spec.short)
            self._actions[spec.name] = action
            self.set_state(spec.name)
        self["quit"].setMenuRole(QAction.MenuRole.QuitRole)
        self["about"].setMenuRole(QAction.MenuRole.AboutRole)
        theme.changed.connect(self.restyle)
        self.restyle()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def set_state(self, name: str, blocked: str = "", tip: str = "") -> None:
        """Enable the command, or disable it with the reason in its tooltip. `tip` stands in for the usual one."""
        spec = next(spec for spec in SPECS if spec.name == name)
        action = self._actions[name]
        action.setEnabled(not blocked)
        tip = blocked or tip or spec.tip
        if not blocked and spec.keys:
            tip += f"  ({QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)})"
        action.setToolTip(tip)
        action.setStatusTip("")

    def restyle(self) -> None:
        for spec in SPECS:
            if spec.icon:
                self._actions[spec.name].setIcon(self._theme.icon(spec.icon))
