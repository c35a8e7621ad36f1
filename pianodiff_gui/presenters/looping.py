"""Looping: all of it, or the region that the ruler shows."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.loop_region import SHORTEST_LOOP, LoopRegion
from pianodiff_gui.session.session import Session
from pianodiff_gui.sound.player import Player


class Looping(QObject):
    """Between the region, the keys and the player."""

    def __init__(
        self, player: Player, session: Session, region: LoopRegion, conversation: Conversation, actions: Actions
    ) -> None:
        super().__init__(conversation)
        self._player, self._session, self._region, self._conversation = player, session, region, conversation
        region.changed.connect(lambda: player.set_region(region.span))
        actions["loop"].toggled.connect(player.set_loop)
        actions.on("loop_begin", lambda: self._mark(begin=True))
        actions.on("loop_end", lambda: self._mark(begin=False))
        actions.on("loop_clear", region.clear)

    def _mark(self, begin: bool) -> None:
        """Move one end of the region to the playhead; the other stays, or is where everything begins or ends."""
        timeline = self._session.timeline
        if timeline is None:
            return
        ends = list(self._region.span or (timeline.begin_seconds, timeline.end_seconds))
        ends[0 if begin else 1] = self._player.position
        if ends[1] - ends[0] < SHORTEST_LOOP:
            self._conversation.say("The loop would end before it begins.")
        else:
            self._region.set(*ends)
