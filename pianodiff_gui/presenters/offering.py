"""Offering: what can be done now, kept true as things change."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.actions.situation import LaneOffer, Situation
from pianodiff_gui.actions.takes import TAKE_KEYS
from pianodiff_gui.duel.duel import title_of
from pianodiff_gui.networks.networks import Networks
from pianodiff_gui.presenters.duelling import Duelling
from pianodiff_gui.presenters.editing import Editing
from pianodiff_gui.presenters.keeping import Keeping
from pianodiff_gui.presenters.listening import Listening
from pianodiff_gui.presenters.network_choice import NetworkChoice
from pianodiff_gui.presenters.note_editing import NoteEditing
from pianodiff_gui.presenters.step_listening import StepListening
from pianodiff_gui.session.ideas import Ideas
from pianodiff_gui.session.loop_region import LoopRegion
from pianodiff_gui.session.session import Session
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.diffusion import DiffusionView
from pianodiff_gui.work.clip_report import drawable


class Offering(QObject):
    """Gathers the situation and has every action offered by its own condition. Keys that mean one thing or another by
    the situation (Escape, the numbers) are told apart here as well.
    """

    def __init__(
        self,
        session: Session,
        player: Player,
        listening: Listening,
        steps: StepListening,
        diffusion: DiffusionView,
        networks: Networks,
        network_choice: NetworkChoice,
        duelling: Duelling,
        editing: Editing,
        notes: NoteEditing,
        keeping: Keeping,
        ideas: Ideas,
        region: LoopRegion,
        actions: Actions,
    ) -> None:
        super().__init__(actions)
        self._session, self._player, self._steps, self._diffusion = session, player, steps, diffusion
        self._networks, self._network_choice = networks, network_choice
        self._duelling, self._editing, self._notes = duelling, editing, notes
        self._keeping, self._actions = keeping, actions
        self._ideas = ideas
        self._region = region
        for signal in (
            session.timeline_changed,
            session.takes_changed,
            session.target_changed,
            session.choice.settings_changed,
            session.choice.network_changed,
            session.engine.changed,
            session.undo_stack.indexChanged,
            session.score.planned_changed,
            session.score.heard_changed,
            ideas.changed,
            notes.offer_changed,
            actions["lane_notes"].toggled,
            networks.reading_changed,
            player.playing_changed,
            player.waiting_changed,
            player.trouble,
            region.changed,
            listening.sound_changed,
            steps.changed,
            diffusion.past_changed,
            duelling.duel.changed,
            keeping.recoverable_changed,
        ):
            signal.connect(self.refresh)
        actions.on("cancel", self._cancel)
        for key in TAKE_KEYS:
            actions.on(f"take_{key}", partial(self._number, key))

    def refresh(self, _value: object = None) -> None:
        """Offer every action as it can be done now."""
        self._actions.offer(self.situation())

    def situation(self) -> Situation:
        """The facts that decide."""
        duel, card = self._duelling.duel, self._player.card
        lanes = tuple(LaneOffer(title_of(each.settings), each.timeline is not None) for each in duel.contenders)
        return Situation(
            self._session,
            silent=card.unavailable() if card.checked else "",
            playing=self._player.playing,
            waiting=self._player.waiting,
            looped=self._region.span is not None,
            playing_step=self._steps.playing,
            no_past=self._diffusion.look_back_blocked(),
            reading_network=bool(self._networks.reading),
            recoverable=self._keeping.recoverable,
            drawable=bool(drawable(self._session.takes.all)),
            ideas=bool(self._ideas.all),
            lanes=lanes if duel.open else None,
            chosen=self._notes.chosen,
            copied=self._notes.copied,
            roll_seen=self._actions["lane_notes"].isChecked(),
        )

    def _cancel(self) -> None:
        if self._session.engine.running:
            self._session.engine.cancel()
        elif self._duelling.duel.open:
            self._duelling.close()
        elif self._session.selection is not None:
            self._session.select(0.0, 0.0)
        elif self._networks.reading:
            self._network_choice.stop()
        else:
            self._region.clear()

    def _number(self, key: int) -> None:
        if self._duelling.duel.open:
            self._duelling.hear_lane(key)
        else:
            self._editing.show_take(key)
