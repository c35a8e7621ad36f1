"""What the application and the user say to each other: messages, problems and questions."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

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
