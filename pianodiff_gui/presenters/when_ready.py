"""Play when ready: a run is heard by itself, from a little before the seam, once its first window is complete."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.sound.player import Player

LEAD = 2.0
"""Seconds of what was there before that are heard before the seam."""


class WhenReady(QObject):
    """Between the session's runs and the player. What plays already goes on playing."""

    def __init__(
        self,
        player: Player,
        session: Session,
        preferences: Preferences,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._player, self._session = player, session
        self._wanted = actions["when_ready"]
        self._awaited: Job | None = None  # has nothing to be heard yet
        self._wanted.setChecked(preferences.play_when_ready)
        self._wanted.toggled.connect(lambda on: setattr(preferences, "play_when_ready", on))
        session.engine.job_requested.connect(self._started)
        session.engine.advanced.connect(self._advanced)
        session.ended.connect(lambda job, _outcome: self._hear(job))
        session.failed.connect(self._forget)
        session.source_changed.connect(self._forget)

    def _started(self, job: Job) -> None:
        self._awaited = job

    def _forget(self, _message: str = "") -> None:
        self._awaited = None

    def _advanced(self) -> None:
        job = self._session.engine.job
        if job is not None and self._session.engine.live is not None:
            self._hear(job)

    def _hear(self, job: Job) -> None:
        """Play what `job` made, or has made so far, unless that was done before."""
        timeline, player = self._session.timeline, self._player
        if job is not self._awaited or timeline is None or timeline.generated_frames <= job.base.generated_frames:
            return
        self._awaited = None
        if not self._wanted.isChecked() or player.playing or player.card.unavailable():
            return
        if job.gap == BEFORE:
            player.seek(timeline.begin_seconds)
        else:
            player.seek(job.base.edges(job.gap)[0] / timeline.sample_rate - LEAD)
        player.play()
