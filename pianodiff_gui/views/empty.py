"""What the window shows before anything is open: a place to drop a recording, and two buttons."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.audio.opening import AUDIO_SUFFIXES
from core.notes.midi import MIDI_SUFFIXES
from pianodiff_gui.look.theme import GRID, Theme, font, icon_pixmap
from pianodiff_gui.networks.networks import is_network_path


class EmptyView(QFrame):
    """A drop target as large as the plots will be."""

    def __init__(self, theme: Theme, open_action: QAction, demo_action: QAction, recover_action: QAction) -> None:
        super().__init__()
        self.setObjectName("card")
        self._theme = theme
        self._hovered = False
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = QLabel("Drop a piano recording here")
        title.setFont(font(17, font().Weight.DemiBold))
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        kinds = ", ".join(s.lstrip(".").upper() for s in AUDIO_SUFFIXES if s != ".aif")
        formats = QLabel(f"{kinds}. Your file is only read, never changed.")
        formats.setProperty("role", "muted")
        formats.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open_button = QPushButton("Open\u2026")
        self.open_button.setProperty("role", "primary")
        self.demo_button = QPushButton("Try the demo clip")
        for button, action in ((self.open_button, open_action), (self.demo_button, demo_action)):
            button.setMinimumSize(150, 38)
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
        self.recover_button = QPushButton("Recover last session")
        self.recover_button.setMinimumHeight(38)
        self.recover_button.setToolTip(recover_action.toolTip())
        self.recover_button.clicked.connect(recover_action.trigger)
        self.recover_button.setVisible(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addStretch(1)
        for button in (self.open_button, self.demo_button, self.recover_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
        layout.addStretch(3)
        layout.addWidget(self.picture)
        layout.addSpacing(2 * GRID)
        layout.addWidget(title)
        layout.addSpacing(GRID // 2)
        layout.addWidget(formats)
        layout.addSpacing(3 * GRID)
        layout.addLayout(buttons)
        layout.addStretch(4)
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_recoverable(self, there: bool) -> None:
        self.recover_button.setVisible(there)

    def set_hovered(self, hovered: bool) -> None:
        """A file is held over the window."""
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def _restyle(self) -> None:
        self.picture.setPixmap(icon_pixmap("drop", self._theme.palette.accent, 72))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.colour("accent" if self._hovered else "border"), 1.5, Qt.PenStyle.DashLine)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.setBrush(self._theme.colour("accent", 0.08 if self._hovered else 0.0))
        margin = 3 * GRID
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(margin, margin, -margin, -margin), 14, 14)
        painter.end()


class DropVeil(QWidget):
    """Laid over the plots while a file is held over the window."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.text = "Drop to open"
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def tell_of(self, path: Path) -> None:
        """Say what dropping this file does."""
        if path.suffix.lower() in MIDI_SUFFIXES:
            self.text = "Drop to plan these notes"
        else:
            self.text = "Drop to see this network" if is_network_path(path) else "Drop to open"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("surface", 0.85))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.colour("accent"), 1.5)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(24, 24, -24, -24), 14, 14)
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(15, font().Weight.DemiBold))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text)
        painter.end()
