"""Choosing a sampler of the user's own, from a Python file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from core.diffusion.own_sampler import SUFFIX, find_sampler
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.work.background import Background


class SamplerChoice(QObject):
    """Between the user, the remembered files and the session. A file is a program: it is run in another thread first,
    and only used when it turns out to be a sampler.
    """

    changed = Signal()  # the list of the user's own
    problem = Signal(str)  # to be told in a dialog
    message = Signal(str)  # for the status bar

    def __init__(self, window: QWidget, session: Session, preferences: Preferences, background: Background) -> None:
        super().__init__(window)
        self._window, self._session, self._preferences = window, session, preferences
        self._background = background

    @property
    def own(self) -> tuple[str, ...]:
        """Paths of the user's own samplers, the newest first."""
        return self._preferences.samplers

    def ask_for_file(self) -> None:
        """Choose a sampler by its file."""
        path, _ = QFileDialog.getOpenFileName(
            self._window, "Choose a sampler", self._preferences.sampler_folder, f"Samplers in Python (*{SUFFIX})"
        )
        if path:
            self.use(str(Path(path).resolve()))

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
        self.changed.emit()
        self._session.choice.set_settings(sampler=path)
        self.message.emit(f"Sampling with \u201c{title}\u201d from now on")

    def _failed(self, path: str, text: str) -> None:
        if not Path(path).exists():
            self._preferences.samplers = tuple(other for other in self.own if other != path)
            self.changed.emit()
        self.problem.emit(text)
