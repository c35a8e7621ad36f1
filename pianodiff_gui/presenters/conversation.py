"""What the application and the user say to each other: messages, problems, questions, and which file."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from pianodiff_gui.look import dialogs

log = logging.getLogger(__name__)


class Conversation(QObject):
    """Speaks for all presenters. window: what dialogs lie over."""

    said = Signal(str)  # for the status bar

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.window = window

    def say(self, message: str) -> None:
        """Something to know, in passing; "" takes the last message away."""
        self.said.emit(message)

    def tell(self, problem: str) -> None:
        """Show a problem in a dialog, and put it in the log."""
        log.info("told the user: %s", problem)
        self._told = dialogs.tell(self.window, problem)  # kept, or Python would delete it while it is shown

    def ask(self, question: str, detail: str, yes: str, no: str = "Cancel") -> bool:
        """Whether the user agrees; waits for the answer."""
        return dialogs.ask(self.window, question, detail, yes, no)

    def choose_file(self, title: str, folder: str, kinds: str) -> str:
        """The path of a file there is, of `kinds` as QFileDialog writes them; "" where none was chosen."""
        return QFileDialog.getOpenFileName(self.window, title, folder, kinds)[0]

    def choose_folder(self, title: str, folder: str) -> str:
        """The path of a folder there is; "" where none was chosen."""
        return QFileDialog.getExistingDirectory(self.window, title, folder)

    def choose_destination(self, title: str, proposal: Path, kinds: str) -> str:
        """The path of what is to be written, the user having agreed to what it would replace; "" for nothing."""
        return QFileDialog.getSaveFileName(self.window, title, str(proposal), kinds)[0]
