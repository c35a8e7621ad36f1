"""Changing what there is: lengths, the selection, takes, undo."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.session import SNAP, Session
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.compare import CompareDialog
from pianodiff_gui.views.takes import TakesView
from pianodiff_gui.work.figures import Figures


class Editing(QObject):
    """Between the keys and the session."""

    def __init__(
        self,
        session: Session,
        player: Player,
        figures: Figures,
        takes: TakesView,
        theme: Theme,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._player, self._figures = session, player, figures
        self._theme, self._conversation = theme, conversation
        actions.on("undo", session.undo)
        actions.on("redo", session.redo)
        actions.on("longer", lambda: self._change_length(SNAP))
        actions.on("shorter", lambda: self._change_length(-SNAP))
        actions.on("longer_second", lambda: self._change_length(1.0))
        actions.on("shorter_second", lambda: self._change_length(-1.0))
        actions.on("earlier", lambda: self._change_prelude(SNAP))
        actions.on("later", lambda: self._change_prelude(-SNAP))
        actions.on("mark_begin", lambda: self._mark(begin=True))
        actions.on("mark_end", lambda: self._mark(begin=False))
        actions.on("recording", lambda: session.show_take(None))
        actions.on("rename_take", takes.start_naming)
        actions.on("delete_take", self._delete_take)
        actions.on("compare", self._compare)

    def show_take(self, key: int) -> None:
        """Show the take of that number key, if there is one."""
        takes = self._session.takes.all
        if key <= len(takes):
            self._session.show_take(takes[key - 1].number)

    def _change_length(self, seconds: float) -> None:
        session = self._session
        if session.goal.gap == BEFORE:
            session.set_target(session.prelude_target + seconds, BEFORE)
        else:
            session.set_target(session.target + seconds)

    def _change_prelude(self, seconds: float) -> None:
        self._session.set_target(self._session.prelude_target + seconds, BEFORE)

    def _mark(self, begin: bool) -> None:
        """Move one end of the selection to the playhead; the other stays, or is where the recording begins or ends."""
        source, selection = self._session.source, self._session.selection
        if source is None:
            return
        ends = [0.0, source.seconds] if selection is None else [at / source.sample_rate for at in selection]
        ends[0 if begin else 1] = self._player.position
        if ends[0] < ends[1]:
            self._session.select(*ends)
        else:
            self._conversation.say("The selection would end before it begins.")

    def _delete_take(self) -> None:
        shown = self._session.takes.current
        if shown is not None:
            self._session.delete_take(shown.number)
            self._conversation.say(f"{shown.name} is deleted. Undo brings it back.")

    def _compare(self) -> None:
        CompareDialog(self._conversation.window, self._session, self._figures, self._theme).open()
