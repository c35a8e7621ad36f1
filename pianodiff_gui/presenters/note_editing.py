"""Editing the notes that are planned, by commands: the roll's own editor does it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.roll import RollView


class NoteEditing(QObject):
    """Between the actions and the roll."""

    offer_changed = Signal()  # how many notes are chosen, or whether some were copied

    def __init__(self, roll: RollView, player: Player, conversation: Conversation, actions: Actions) -> None:
        super().__init__(conversation)
        self._roll, self._editor = roll, roll.editor
        self._offered = (0, False)
        self._editor.refused.connect(conversation.say)
        self._editor.changed.connect(self._changed)
        actions.on("copy_notes", self._editor.copy)
        actions.on("cut_notes", self._editor.cut)
        actions.on("paste_notes", lambda: self._editor.paste(player.position))
        actions.on("all_notes", self._choose_all)

    @property
    def chosen(self) -> int:
        """How many notes."""
        return len(self._editor.chosen)

    @property
    def copied(self) -> bool:
        """Whether there is something to paste."""
        return bool(self._editor.copied)

    def _choose_all(self) -> None:
        self._editor.choose_all()
        self._roll.plot.setFocus()  # the keys are about them

    def _changed(self) -> None:
        offered = (self.chosen, self.copied)
        if offered != self._offered:
            self._offered = offered
            self.offer_changed.emit()
