"""Listening to a state of the last run: at the loudness of the recording, by the player that plays the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.audio.level import at_loudness
from core.audio.signal import active_rms
from core.errors import PianoDiffError
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.diffusion import DiffusionView, Shown


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A signal in memory as a player reads it. samples: float32 (channels, frames)."""

    samples: np.ndarray
    sample_rate: int

    begin = 0
    begin_seconds = 0.0

    @property
    def end(self) -> int:
        return int(self.samples.shape[1])

    @property
    def end_seconds(self) -> float:
        return self.end / self.sample_rate

    def read(self, begin: int, end: int) -> np.ndarray:
        return self.samples[:, max(0, begin) : max(0, end)]


class StepListening(QObject):
    """Plays what the diffusion strip shows of a past run. While it does, the recording does not, and the other way
    round; both keep their places.
    """

    changed = Signal()  # it plays, or no longer, or can't

    def __init__(self, view: DiffusionView, recording: Player, conversation: Conversation, actions: Actions) -> None:
        super().__init__(conversation)
        self._view, self._recording, self._conversation = view, recording, conversation
        self.player = Player(self, recording.card)
        self._loudness = 0.0
        view.past_changed.connect(self._past_changed)
        view.shown_changed.connect(self._shown_changed)
        recording.playing_changed.connect(lambda playing: self.player.pause() if playing else None)
        self.player.playing_changed.connect(self._playing_changed)
        self.player.position_changed.connect(self._show_playhead)
        self.player.trouble.connect(self._tell)
        actions.on("listen", self.toggle)
        actions.on("noisier", lambda: view.scrub.step(-1))
        actions.on("cleaner", lambda: view.scrub.step(1))

    @property
    def playing(self) -> bool:
        return self.player.playing

    def toggle(self) -> None:
        """Play the state that is shown, or pause."""
        if self.player.playing:
            self.player.pause()
            return
        self._view.look_back()
        shown = self._view.shown()
        if shown is None:
            return
        try:
            self._loudness = loudness_of_recording(shown)
        except PianoDiffError as error:  # the recording's file has gone
            self._tell(str(error))
            return
        self._recording.pause()
        self.player.set_timeline(self._excerpt(shown))
        self.player.play()

    def _excerpt(self, shown: Shown) -> Excerpt:
        samples = at_loudness(shown.signal, shown.sample_rate, self._loudness)
        return Excerpt(samples[None], shown.sample_rate)

    def _past_changed(self) -> None:
        self.player.stop()
        self.player.set_timeline(None)

    def _shown_changed(self) -> None:
        """Another state while it plays: that one is heard, from the same place on."""
        if self.player.playing and (shown := self._view.shown()) is not None:
            self.player.set_timeline(self._excerpt(shown))

    def _playing_changed(self, _playing: bool = False) -> None:
        self._show_playhead(self.player.position)
        self.changed.emit()

    def _tell(self, trouble: str) -> None:
        self._conversation.say(trouble)
        self.changed.emit()

    def _show_playhead(self, seconds: float) -> None:
        self._view.set_playhead(seconds if self.player.playing else None)


def loudness_of_recording(shown: Shown) -> float:
    """Active RMS of what the network was given to go on from. Raises AudioError."""
    known = np.concatenate(shown.base.around(shown.gap, shown.known_seconds), axis=1)
    return active_rms(known, shown.base.sample_rate)
