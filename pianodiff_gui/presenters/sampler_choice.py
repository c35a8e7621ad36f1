"""Choosing a sampler of the user's own, from a Python file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject

from core.diffusion.own_sampler import SUFFIX, file_sha256, find_sampler, hold_back, let_run, place_of
from core.diffusion.samplers import SAMPLERS
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.controls import Controls
from pianodiff_gui.work.background import Background


class SamplerChoice(QObject):
    """Between the user, the remembered files and the session. A file is a program: it is run in another thread first,
    and only used when it turns out to be a sampler.
    """

    def __init__(
        self,
        session: Session,
        controls: Controls,
        preferences: Preferences,
        background: Background,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._controls, self._preferences = session, controls, preferences
        self._background, self._conversation = background, conversation
        controls.sampler_selected.connect(self.use)
        controls.list_samplers(self.own)
        actions.on("sampler", self.ask_for_file)

    @property
    def own(self) -> tuple[str, ...]:
        """Paths of the user's own samplers, the newest first."""
        return self._preferences.samplers

    def ask_for_file(self) -> None:
        """Choose a sampler by its file."""
        path = self._conversation.choose_file(
            "Choose a sampler", self._preferences.sampler_folder, f"Samplers in Python (*{SUFFIX})"
        )
        if path:
            path = str(place_of(path))
            self._remember(path, file_sha256(path))
            let_run(path)
            self.use(path)

    def admit(self, names: Iterable[str]) -> None:
        """Ask about each sampler file that a session names and the user neither chose nor agreed to run before, as it
        is now. Nothing of one that is refused runs.
        """
        for path in sorted({str(place_of(name)) for name in names if name not in SAMPLERS}):
            sha256 = file_sha256(path)
            if sha256 and self._preferences.trusted_samplers.get(path) == sha256:
                let_run(path, sha256)
                continue
            hold_back(path)  # one that is missing as well: it may be there later
            if sha256 and self._conversation.ask(
                f"This session uses the sampler {Path(path).name}.",
                f"It is a program, {path}, and can do whatever you can on this computer. Run it only if you trust "
                "whoever it is from. Without it the session opens as well, with another sampler.",
                "Run it",
                "Don't run it",
            ):
                self._remember(path, sha256)
                let_run(path, sha256)

    def may_use(self, name: str) -> bool:
        """Whether it comes with PianoDiff, or the user chose that file, or agreed to run it, as it is now."""
        if name in SAMPLERS:
            return True
        path = str(place_of(name))
        return self._preferences.trusted_samplers.get(path) == file_sha256(path)

    def _remember(self, path: str, sha256: str) -> None:
        self._preferences.trusted_samplers = {**self._preferences.trusted_samplers, path: sha256}

    def use(self, path: str) -> None:
        """Use the sampler in that file, once it has been found to be one."""
        self._background.run(
            lambda: find_sampler(path),
            lambda sampler: self._use(path, sampler.title),
            lambda text: self._failed(path, text),
        )

    def _use(self, path: str, title: str) -> None:
        self._preferences.samplers = (path, *(other for other in self.own if other != path))
        self._preferences.sampler_folder = str(Path(path).parent)
        self._controls.list_samplers(self.own)
        self._session.choice.set_settings(sampler=path)
        self._conversation.say(f"Sampling with \u201c{title}\u201d from now on")

    def _failed(self, path: str, text: str) -> None:
        if not Path(path).exists():
            self._preferences.samplers = tuple(other for other in self.own if other != path)
            self._controls.list_samplers(self.own)
        self._conversation.tell(text)
