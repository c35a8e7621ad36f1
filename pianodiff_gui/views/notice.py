"""A notice in the panel: that a remembered network is not in use, and why."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import GRID, font


class Notice(QFrame):
    """There until it is answered."""

    forget_requested = Signal(str)  # the network that it is about

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._about = ""
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setFont(font(8.75))
        self.forget = QPushButton("Forget it")
        self.forget.setToolTip("Take it off the list; its files stay where they are")
        self.forget.clicked.connect(lambda: self.forget_requested.emit(self._about))
        self.keep = QPushButton("OK")
        self.keep.setToolTip("Keep it on the list: it is tried again at the next start")
        self.keep.clicked.connect(lambda: self.say("", ""))
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID // 2)
        buttons.addStretch(1)
        for button in (self.forget, self.keep):
            button.setProperty("role", "quiet")
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, GRID, GRID, GRID // 2)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        self.setVisible(False)

    def say(self, text: str, network: str) -> None:
        """Say `text` about `network`; "" takes the notice away."""
        self._about = network
        self.text.setText(wording.breakable(text))
        self.setVisible(bool(text))
