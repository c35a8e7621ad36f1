"""Listening to ideas: each as its sketch, when it is chosen, by a player of its own."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.step_listening import Excerpt
from pianodiff_gui.session.ideas import SKETCH_RATE, Idea, Ideas
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.idea_cards import IdeaCards


class IdeaListening(QObject):
    """Plays what is clicked. While it does, the recording does not, and the other way round."""

    def __init__(self, ideas: Ideas, cards: IdeaCards, recording: Player, conversation: Conversation) -> None:
        super().__init__(conversation)
        self._ideas, self._cards, self._recording = ideas, cards, recording
        self.player = Player(self, recording.card)
        self._playing: Idea | None = None
        cards.chosen.connect(self.toggle)
        ideas.changed.connect(self._ideas_changed)
        recording.playing_changed.connect(lambda playing: self.stop() if playing else None)
        self.player.playing_changed.connect(self._show)
        self.player.position_changed.connect(self._show)
        self.player.trouble.connect(conversation.say)

    def toggle(self, idea: Idea) -> None:
        """Play it from its start; or, while it plays, no more."""
        again = self.player.playing and idea is self._playing
        self.stop()
        if not again and idea.sound.size:
            self._recording.pause()
            self._playing = idea
            self.player.set_timeline(Excerpt(idea.sound[None], SKETCH_RATE))
            self.player.play()

    def stop(self) -> None:
        """Play none of them."""
        self.player.stop()
        self.player.set_timeline(None)
        self._playing = None
        self._show()

    def _ideas_changed(self) -> None:
        if self._playing is not None and self._playing not in self._ideas.all:
            self.stop()

    def _show(self, _value: object = None) -> None:
        self._cards.show_playing(self._playing if self.player.playing else None, self.player.position)
