"""Keeping what was made: written as it changes, so that nothing is lost, and saved as one file where asked."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.places import folder_beside
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import SUFFIX, Saved, write_session
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.score import Notes
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Timeline
from pianodiff_gui.sound.player import Player
from pianodiff_gui.work.background import Background

_SAVE_DELAY = 200  # ms of quiet before takes are written for recovery: a held arrow key trims many times


class Keeping(QObject):
    """Between the session and its copies on disk. root: the folder that holds those of all sessions."""

    recoverable_changed = Signal(bool)  # an earlier session was left behind, or is there no longer

    def __init__(
        self,
        session: Session,
        player: Player,
        preferences: Preferences,
        root: Path,
        background: Background,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._player, self._preferences = session, player, preferences
        self._background, self._conversation = background, conversation
        self.autosave = Autosave(root)
        self.recoverable = self.autosave.find() is not None
        self._safe: set[Timeline] = set()  # exported or saved: not needed for recovery
        self._safe_plan: Notes = ()
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_SAVE_DELAY)
        self._quiet.timeout.connect(self.save)
        for changed in (session.timeline_changed, session.score.planned_changed):
            changed.connect(self._quiet.start)
        for signal in (session.takes_changed, session.target_changed, session.choice.settings_changed):
            signal.connect(self._schedule)
        actions.on("save", self.save_session)

    # For recovery

    def _schedule(self, _value: object = None) -> None:
        if self._session.takes.all or self._session.score.planned:
            self._quiet.start()

    def save(self) -> None:
        """Write the session, with the complete windows of a running job, to the recovery folder, in the background."""
        self._quiet.stop()
        saved, source = self._snapshot(), self._session.source
        if saved is not None and source is not None:
            self._background.run(lambda: self.autosave.save(saved, source.sample_rate), self._saved)

    def _saved(self, well: bool) -> None:
        if not well:
            self._conversation.say("The extension could not be saved for recovery. Is the disk full? Export it soon.")

    def _snapshot(self) -> Saved | None:
        session = self._session
        if session.source is None:
            return None
        choice = session.choice
        lengths = (session.target, session.prelude_target, self._player.position)
        notes = (session.score.planned, choice.chosen_lead, choice.taste)
        return Saved.of(session.source, session.takes, choice.settings, *lengths, *notes)

    def leave(self) -> None:
        """Another recording comes: what was not made safe stays recoverable."""
        keep = self._unsafe()
        if self._quiet.isActive():
            self.save()
        self._background.run(lambda: self.autosave.leave(keep), self._look)
        self._safe, self._safe_plan = set(), ()

    def end(self) -> None:
        """The window closes, and what it wrote in the background is written."""
        self.autosave.leave(keep=self._unsafe())

    def forget(self, folder: Path) -> None:
        """An earlier session has been taken over."""
        self._background.run(lambda: self.autosave.forget(folder), self._look)

    def discard(self, folder: Path) -> None:
        """An earlier session turned out to be of no use."""
        self.autosave.forget(folder)
        self._look()

    def find(self) -> Path | None:
        """The folder of an earlier session that was left behind."""
        folder = self.autosave.find()
        if folder is None:
            self._look()
        return folder

    def _look(self, _result: object = None) -> None:
        self.recoverable = self.autosave.find() is not None
        self.recoverable_changed.emit(self.recoverable)

    # What is safe elsewhere

    def mark_safe(self, *timelines: Timeline) -> None:
        """These need not be kept for recovery: they were exported, or saved; nor the notes that they were made from."""
        self._safe.update(timelines)
        self._safe_plan = self._session.score.planned

    def mark_all_safe(self) -> None:
        """Nothing of what there is now needs to be kept for recovery."""
        self.mark_safe(*(take.timeline for take in self._session.takes.all))

    def _unsafe(self) -> bool:
        session = self._session
        unsafe_plan = session.score.planned not in ((), self._safe_plan)
        return unsafe_plan or any(take.timeline not in self._safe for take in session.takes.all)

    # As one file

    def save_session(self) -> None:
        """Ask where to, then write the session as one file."""
        saved, source = self._snapshot(), self._session.source
        if saved is None or source is None:
            return
        home = folder_beside(source.path, self._preferences)
        name = self._conversation.choose_destination(
            "Save the session", home / f"{source.path.stem}{SUFFIX}", f"PianoDiff sessions (*{SUFFIX})"
        )
        if not name:
            return
        path = Path(name) if name.lower().endswith(SUFFIX) else Path(name + SUFFIX)
        timelines = {take.timeline for take in self._session.takes.all}

        def done(_result: object) -> None:
            self.mark_safe(*timelines)
            self._conversation.say(f"Saved {path.name}")

        # The dialog has asked about a file of the name it gave; the suffix makes another of it.
        overwrite = path == Path(name)
        rate = source.sample_rate
        self._background.run(
            lambda: write_session(saved, rate, path, overwrite=overwrite), done, self._conversation.tell
        )
