"""Listening: to what is shown, at the loudness of the other takes, from where the playhead is."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel.duel import Duel
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Timeline
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.takes import TakesView
from pianodiff_gui.views.time_lane import TimeLane
from pianodiff_gui.views.waveform import WaveformView
from pianodiff_gui.work.figures import Figures

log = logging.getLogger(__name__)


class Listening(QObject):
    """Between the session or a duel, and the player."""

    time_changed = Signal(float, float)  # s: where the playhead is, and the end of what is heard
    sound_changed = Signal(str)  # why nothing can be played; "" when it can

    def __init__(
        self,
        player: Player,
        session: Session,
        duel: Duel,
        figures: Figures,
        takes: TakesView,
        waveform: WaveformView,
        lanes: Sequence[TimeLane],
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._player, self._session, self._duel, self._figures = player, session, duel, figures
        self._takes, self._waveform, self._conversation = takes, waveform, conversation
        self._gains: dict[int, float] = {}  # of takes by number, as last played
        session.source_changed.connect(self._gains.clear)
        for signal in (session.timeline_changed, figures.changed, duel.heard_changed, takes.match.toggled):
            signal.connect(self._listen)
        views: tuple[WaveformView | TimeLane, ...] = (waveform, *lanes)
        for view in views:
            view.seek_requested.connect(player.seek)
            player.position_changed.connect(view.set_playhead)
        player.position_changed.connect(self.show_time)
        player.position_changed.connect(self._follow_playhead)
        player.playing_changed.connect(self.show_time)
        player.trouble.connect(conversation.say)
        actions.on("play", player.toggle)
        actions.on("stop", player.stop)
        actions.on("start", self._seek_start)
        actions.on("end", self._seek_boundary)
        actions.on("sound", self._look_again)

    # What is heard

    @property
    def heard(self) -> Timeline | None:
        """What is played: what is shown, or the lane of a duel."""
        return self._duel.heard.timeline if self._duel.heard is not None else self._session.timeline

    def _listen(self, _value: object = None) -> None:
        """Play what is shown, at the loudness of the other takes where that is wanted."""
        job = self._session.engine.job
        growing = self._duel.heard is None and job is not None and job.gap is None
        self._player.set_timeline(self.heard, self._gain(), growing)
        self.show_time()

    def _gain(self) -> float:
        timeline, takes = self.heard, self._session.takes
        if not self._takes.match.isChecked():
            return 1.0
        if timeline is not None and self._duel.heard is not None:
            return self._figures.gain(timeline, self._duel.timelines) or 1.0
        if takes.current is None:
            return 1.0
        found = self._figures.gain(takes.current.timeline, [take.timeline for take in takes.all])
        # One that was trimmed a moment ago stays as loud as it was until it has been measured again.
        before = self._gains.get(takes.current.number, 1.0)
        gain = self._gains[takes.current.number] = before if found is None else found
        return gain

    # Where

    def show_time(self, _value: object = None) -> None:
        """Say anew where the playhead is."""
        timeline = self.heard
        self.time_changed.emit(self._player.position, timeline.end_seconds if timeline is not None else 0.0)

    def _follow_playhead(self, position: float) -> None:
        if self._player.playing and not self._waveform.dragging:
            self._waveform.follow(position)

    def _seek_start(self) -> None:
        if self._session.timeline is not None:
            self._player.seek(self._session.timeline.begin_seconds)

    def _seek_boundary(self) -> None:
        if self._session.source is not None:
            self._player.seek(self._session.source.seconds)

    # On what

    def look_for_sound(self) -> None:
        """See whether there is a sound card."""
        problem = self._player.card.unavailable()
        if problem:
            log.info(problem)
        self.sound_changed.emit(problem)

    def _look_again(self) -> None:
        self._player.card.look_again()
        self.look_for_sound()
        self._conversation.say(self._player.card.unavailable() or "Sound device found")
