"""Opening: a recording, a saved session, what was left behind, or whatever is dropped on the window."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QObject

from core.assets import asset_path
from core.audio.opening import AUDIO_SUFFIXES
from core.audio.source import Source
from core.diffusion.samplers import SAMPLERS
from core.errors import PianoDiffError
from core.networks.registry import shipped_networks
from core.notes.midi import MIDI_SUFFIXES
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.networks.networks import is_network_path
from pianodiff_gui.presenters.analysing import Analysing
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.duelling import Duelling
from pianodiff_gui.presenters.keeping import Keeping
from pianodiff_gui.presenters.network_choice import NetworkChoice
from pianodiff_gui.presenters.note_files import NoteFiles
from pianodiff_gui.presenters.places import is_shipped
from pianodiff_gui.presenters.sampler_choice import SamplerChoice
from pianodiff_gui.session.files import SUFFIX, Saved, read_folder, read_session
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.sound.player import Player
from pianodiff_gui.work.background import Background


class Opening(QObject):
    """Between the user's files and the session. The file is read by `Analysing`; the session has it once it is open."""

    def __init__(
        self,
        session: Session,
        player: Player,
        analysing: Analysing,
        keeping: Keeping,
        note_files: NoteFiles,
        duelling: Duelling,
        networks: NetworkChoice,
        samplers: SamplerChoice,
        preferences: Preferences,
        background: Background,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._player, self._preferences = session, player, preferences
        self._analysing, self._keeping, self._duelling = analysing, keeping, duelling
        self._note_files, self._networks, self._samplers = note_files, networks, samplers
        self._background, self._conversation = background, conversation
        self._saved: Saved | None = None  # the takes that come back with what is being read
        self._saved_in: Path | None = None  # the folder of the autosave that held them, to be removed then
        analysing.opened.connect(self._opened)
        analysing.failed.connect(self._failed)
        actions.on("open", self.choose_file)
        actions.on("demo", self.open_demo)
        actions.on("recover", self.recover)

    # What the user does

    def choose_file(self) -> None:
        """Ask which recording to open."""
        patterns = " ".join(f"*{suffix}" for suffix in (*AUDIO_SUFFIXES, SUFFIX))
        kinds = f"Audio and sessions ({patterns});;All files (*)"
        path = self._conversation.choose_file("Open a piano recording", self._preferences.folder, kinds)
        if path:
            self.open_path(Path(path))

    def open_demo(self) -> None:
        """Open the clip that comes with PianoDiff."""
        try:
            self.open_path(asset_path("demo/demo.wav"))
        except PianoDiffError as error:
            self._conversation.tell(str(error))

    def open_dropped(self, path: Path) -> None:
        """Open a recording, a network (by its name, or because it is a folder), or the notes of a MIDI file."""
        if path.suffix.lower() in MIDI_SUFFIXES:
            self._note_files.import_from(path)
        elif is_network_path(path):
            self._networks.consider(str(path))
        else:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a file; what was generated for another one stays recoverable."""
        if not self._may_stop("open another recording", "open"):
            return
        if path.suffix.lower() == SUFFIX:
            self._conversation.say(f"Opening {path.name}\u2026")
            self._background.run(lambda: read_session(path), self.open_saved, self._conversation.tell)
            return
        self._saved = self._saved_in = None
        self._read(path)

    def trim(self, frames: int) -> None:
        """Open the recording once more, only its first `frames`; what was generated for it stays recoverable."""
        source = self._session.source
        if source is not None and self._may_stop("leave the silence out", "leave it out"):
            self._saved = self._saved_in = None
            self._read(source.path, frames)

    def recover(self) -> None:
        """Bring back the takes of the last session that were not exported."""
        folder = self._keeping.find()
        if folder is None:
            return
        try:
            saved = read_folder(folder)
        except PianoDiffError as error:
            self._keeping.discard(folder)
            self._conversation.tell(str(error))
            return
        if self._may_stop("bring back the last session", "recover"):
            self.open_saved(saved, folder)

    def open_saved(self, saved: Saved, folder: Path | None = None) -> None:
        """Open a recording with the takes made from it earlier. folder: where autosave kept them, not needed then."""
        self._saved, self._saved_in = saved, folder
        self._samplers.admit(saved.samplers())
        self._read(saved.source, saved.frames if saved.left_out else None)

    def _may_stop(self, then: str, verb: str) -> bool:
        """Ask about what is running, or was not kept, before it is lost."""
        if self._duelling.duel.open:
            return self._duelling.may_drop(then, verb)
        return not self._session.engine.running or self._conversation.ask(
            "An extension is running.", f"Stop it and {then}?", f"Stop and {verb}"
        )

    # What comes of it

    def _read(self, path: Path, until: int | None = None) -> None:
        self._conversation.say(f"Opening {path.name}\u2026")
        self._analysing.read(path, until)

    def _opened(self, source: Source) -> None:
        saved, folder = self._saved, self._saved_in
        self._saved = self._saved_in = None
        takes = saved.takes_of(source) if saved is not None else None
        if saved is not None and takes is None:
            self._conversation.tell(
                f"{source.path.name} has changed since then, so what was generated does not fit it any more."
            )
        self._player.stop()
        old = self._session.source
        self._keeping.leave()
        self._session.open(source, takes, saved.planned if saved is not None and takes is not None else ())
        self._session.choice.set_settings(hold_level=False)  # it was about the end of another recording
        if old is not None:
            old.close()
        if saved is not None and takes is not None:
            self._restore(saved)
            if folder is not None:
                self._keeping.forget(folder)
        if not is_shipped(source.path):
            self._preferences.folder = source.path.parent
        silence = f", without the last {source.left_out / source.sample_rate:.1f} s" if source.left_out else ""
        said = f"Opened {source.path.name}{silence}"
        if saved is not None and not self._samplers.may_use(saved.settings.sampler):
            said += f". Its sampler {Path(saved.settings.sampler).name} was not run"
        self._conversation.say(source.notice or said)

    def _restore(self, saved: Saved) -> None:
        """Settings and places of an earlier session; a network or sampler that is gone by now is left as it is."""
        session, settings = self._session, saved.settings
        session.choice.set_lead(saved.lead)
        session.choice.set_taste(**dataclasses.asdict(saved.taste))
        now = session.choice.settings
        known = {"network": now.network, "device": now.device, "start": now.start}
        if (settings.start < 1) != (now.start < 1):  # steps from notes are none from noise
            known["steps"] = now.steps
        if settings.sampler not in SAMPLERS:
            if self._samplers.may_use(settings.sampler):
                self._samplers.use(settings.sampler)
            known["sampler"] = session.choice.settings.sampler
        session.choice.set_settings(**{**dataclasses.asdict(settings), **known})
        if settings.network != session.choice.settings.network and _is_offered(settings.network):
            self._networks.select(settings.network)
        if saved.target > session.generated_seconds:
            session.set_target(saved.target)
        elif saved.prelude_target > session.prelude_seconds:
            session.set_target(saved.prelude_target, BEFORE)
        self._player.seek(saved.position)

    def _failed(self, message: str) -> None:
        self._saved = self._saved_in = None
        self._conversation.say("")
        self._conversation.tell(message)


def _is_offered(network: str) -> bool:
    """Whether there is a network of that name or path; what it is like is seen when it is read."""
    return any(info.name == network for info in shipped_networks()) or Path(network).exists()
