"""The menu bar: which actions stand where."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.actions.takes import TAKE_KEYS
from pianodiff_gui.actions.view import LANES

MENUS: dict[str, tuple[str, ...]] = {
    "&File": (
        *("open", "demo", "recover", ""),
        *("network", "network_folder", "network_info", "sampler", ""),
        *("save", "export", "figures", "", "import_notes", "export_notes", "", "quit"),
    ),
    "&Edit": (
        *("undo", "redo", "", "longer", "shorter", "longer_second", "shorter_second"),
        *("", "earlier", "later", "", "mark_begin", "mark_end"),
        *("", "pencil", "cut_notes", "copy_notes", "paste_notes", "all_notes"),
    ),
    "&Run": ("extend", "again", "duel", "cancel", "", "ideas", "ideas_on", "mend", "", "dice"),
    "&Takes": (
        *("recording", *(f"take_{key}" for key in TAKE_KEYS), ""),
        *("rename_take", "delete_take", "compare"),
    ),
    "&Play": (
        *("play", "stop", "when_ready", "", "loop", "loop_begin", "loop_end", "loop_clear", ""),
        *("start", "end", "", "listen", "", "sound"),
    ),
    "&View": ("fit", "zoom_in", "zoom_out", "", *(lane.name for lane in LANES), "", "noisier", "cleaner", ""),
    "&Help": ("palette", "shortcuts", "", "log", "", "about"),
}
"""Actions by name; "" is a line."""

_MODES = {"system": "Colours as the system", "light": "Light", "dark": "Dark"}


def fill_menu_bar(bar: QMenuBar, actions: Actions, mode: str, set_mode: Callable[[str], None]) -> None:
    """Put all menus into `bar`. mode: the colours in use, a key of _MODES; set_mode is called with another."""
    for title, names in MENUS.items():
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        for name in names:
            if name:
                menu.addAction(actions[name])
            else:
                menu.addSeparator()
        if title == "&View":
            _add_modes(menu, mode, set_mode)


def _add_modes(menu: QMenu, mode: str, set_mode: Callable[[str], None]) -> None:
    group = QActionGroup(menu)
    for each, label in _MODES.items():
        action = menu.addAction(label)
        action.setCheckable(True)
        action.setChecked(each == mode)
        action.triggered.connect(lambda _checked=False, each=each: set_mode(each))
        group.addAction(action)
