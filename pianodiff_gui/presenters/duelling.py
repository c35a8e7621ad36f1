"""Duelling: setting up a duel, switching between its lanes by ear, keeping its winner."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel.audio import playing_from, span_of
from pianodiff_gui.duel.duel import Contender, Duel, title_of
from pianodiff_gui.duel.setup import DuelDialog
from pianodiff_gui.duel.view import DuelView
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.running import Running, take_over_typing
from pianodiff_gui.presenters.sampler_choice import SamplerChoice
from pianodiff_gui.presenters.step_listening import StepListening
from pianodiff_gui.session.session import Session
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.diffusion import DiffusionView


class Duelling(QObject):
    """Between a duel, its view, and the player."""

    def __init__(
        self,
        duel: Duel,
        view: DuelView,
        session: Session,
        running: Running,
        player: Player,
        steps: StepListening,
        diffusion: DiffusionView,
        samplers: SamplerChoice,
        theme: Theme,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self.duel = duel
        self._session, self._running, self._player, self._steps = session, running, player, steps
        self._diffusion, self._samplers, self._theme = diffusion, samplers, theme
        self._conversation = conversation
        self._was_open = False
        worker = running.worker
        duel.job_requested.connect(worker.run)
        worker.window_done.connect(duel.on_window_done)
        worker.finished.connect(duel.on_finished)
        worker.failed.connect(duel.on_failed)
        duel.changed.connect(self._changed)
        duel.finished.connect(self._finished)
        view.listen_requested.connect(self._listen_to)
        view.keep_requested.connect(self._keep)
        view.keep_all_requested.connect(duel.keep_all)
        view.close_requested.connect(self.close)
        view.seek_requested.connect(player.seek)
        actions.on("duel", self._set_up)

    def hear_lane(self, key: int) -> None:
        """Switch to that lane where the playhead is; what already plays goes on playing."""
        contender = next((other for other in self.duel.done if other.number == key), None)
        if contender is not None and not (contender is self.duel.heard and self._player.playing):
            self._listen_to(contender)

    def close(self) -> None:
        """Go back from the duel, unless the user would rather keep what it made."""
        if self.may_drop("go back", "close"):
            self.duel.close()

    def may_drop(self, then: str, verb: str) -> bool:
        """Ask before what the duel made is lost."""
        if self.duel.running:
            lost = "What is done will be lost." if self.duel.done else ""
            question, detail = "A duel is running.", f"Stop it and {then}? {lost}".rstrip()
            return self._conversation.ask(question, detail, f"Stop and {verb}")
        return not self.duel.done or self._conversation.ask(
            "Nothing of this duel was kept.", f"Let go of it and {then}?", f"Let go and {verb}"
        )

    def _set_up(self) -> None:
        take_over_typing()
        dialog = DuelDialog(
            self._conversation.window, self._session, self._theme, self._samplers.own, self._running.step_seconds
        )
        dialog.chosen.connect(self.duel.start)
        dialog.open()

    def _changed(self) -> None:
        opened, self._was_open = self.duel.open and not self._was_open, self.duel.open
        if opened:
            self._steps.player.pause()
            self._player.seek(span_of(self.duel.contenders[0].job)[0])

    def _finished(self, contender: Contender) -> None:
        if contender.outcome is not None:
            self._running.remember_speed(contender.job, contender.outcome)

    def _listen_to(self, contender: Contender) -> None:
        """Play it from where the playhead is, or pause where it plays already."""
        if contender.timeline is None:
            return
        if contender is self.duel.heard and self._player.playing:
            self._player.pause()
            return
        where = self._player.position if self.duel.heard is not None else None
        self.duel.hear(contender)
        self._player.seek(playing_from(contender, where))
        self._player.play()

    def _keep(self, contender: Contender) -> None:
        self.duel.keep(contender)
        if contender.outcome is not None:
            self._diffusion.show_past_run(contender.job, list(contender.pictures.values()), contender.outcome)
        self._conversation.say(f"Kept {title_of(contender.settings)}. Undo takes it away again.")
