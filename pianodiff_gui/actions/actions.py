"""The QActions that the declarations make, by name: `actions["open"]`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.edit import EDIT
from pianodiff_gui.actions.file import FILE
from pianodiff_gui.actions.notes import NOTE_FILES, NOTES
from pianodiff_gui.actions.play import PLAY
from pianodiff_gui.actions.run import RUN
from pianodiff_gui.actions.situation import Offer, Situation
from pianodiff_gui.actions.takes import TAKES
from pianodiff_gui.actions.view import HELP, VIEW
from pianodiff_gui.look.theme import Theme

GROUPS: dict[str, tuple[Spec, ...]] = {
    "File": (*FILE, *NOTE_FILES),
    "Edit": (*EDIT, *NOTES),
    "Run": RUN,
    "Takes": TAKES,
    "Play": PLAY,
    "View": VIEW,
    "Help": HELP,
}
SPECS: tuple[Spec, ...] = tuple(spec for group in GROUPS.values() for spec in group)


class Actions(QObject):
    """One QAction for each declaration."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions: dict[str, QAction] = {}
        self._icons = {spec.name: spec.icon for spec in SPECS}
        for spec in SPECS:
            action = QAction(spec.text, parent)
            action.setObjectName(spec.name)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(spec.checkable)
            if spec.short:
                action.setIconText(spec.short)
            self._actions[spec.name] = action
            self._show(spec, Offer())
        self["play"].setAutoRepeat(False)  # a key that is held doesn't play and pause in turn
        self["quit"].setMenuRole(QAction.MenuRole.QuitRole)
        self["about"].setMenuRole(QAction.MenuRole.AboutRole)
        theme.changed.connect(self._restyle)
        self._restyle()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def on(self, name: str, slot: Callable[[], object]) -> None:
        """Call `slot` when the action is triggered."""
        self[name].triggered.connect(lambda _checked=False: slot())

    def offer(self, situation: Situation) -> None:
        """Offer every action as its declaration says for such a situation."""
        for spec in SPECS:
            self._show(spec, spec.offer(situation))

    def _show(self, spec: Spec, offer: Offer) -> None:
        action = self._actions[spec.name]
        action.setEnabled(not offer.blocked)
        tip = offer.blocked or offer.tip or spec.tip
        if not offer.blocked and spec.keys:
            tip += f"  ({QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)})"
        action.setToolTip(tip)
        action.setStatusTip("")
        action.setText(offer.text or spec.text)
        if spec.short:
            action.setIconText(offer.button or spec.short)
        action.setVisible(offer.visible)
        icon = offer.icon or spec.icon
        if icon != self._icons[spec.name]:
            self._icons[spec.name] = icon
            action.setIcon(self._theme.icon(icon))

    def _restyle(self) -> None:
        for name, icon in self._icons.items():
            if icon:
                self._actions[name].setIcon(self._theme.icon(icon))
