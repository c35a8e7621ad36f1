"""A notice in the panel: that the recording ends in silence or in a fade, and how to go on all the same."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from core.audio.recording_end import RecordingEnd
from pianodiff_gui.look.theme import GRID
from pianodiff_gui.session.choice import Choice
from pianodiff_gui.views.fields import small


class EndNotice(QFrame):
    """There as long as such a recording is open."""

    trim_requested = Signal(int)  # frames of the recording up to the end of its sound

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._choice, self._end = choice, RecordingEnd(0, 0.0, 0.0)
        self.text = small("")
        self.trim = QPushButton("Go on from the sound")
        self.trim.setProperty("role", "quiet")
        self.trim.setToolTip(
            "Leave the silence out: the recording is opened once more, up to the end of its sound. "
            "The file stays as it is."
        )
        self.hold = QCheckBox("Go on as softly")
        self.hold.setToolTip(
            "The network is shown the recording without its fade, and what it makes is turned down to where that ends. "
            "Off, new audio is as loud as the recording was before."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, GRID, GRID, GRID // 2)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.text)
        layout.addWidget(self.hold)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.trim)
        layout.addLayout(buttons)
        self.trim.clicked.connect(lambda: self.trim_requested.emit(self._end.sound_frames))
        self.hold.toggled.connect(lambda on: choice.set_settings(hold_level=on))
        choice.settings_changed.connect(self._settings_changed)
        self.setVisible(False)

    def show_end(self, end: RecordingEnd | None) -> None:
        """Say how the recording ends, where that needs a word; None while nobody knows."""
        silent = end is not None and end.is_silent and end.sound_frames > 0
        soft = end is not None and end.is_soft
        if end is not None:
            self._end = end
            said = [f"ends in {end.silence:.1f} s of silence"] if silent else []
            said += [f"fades to {-end.level_db:.0f} dB below its level"] if soft else []
            self.text.setText(f"The recording {' and '.join(reversed(said))}.")
        self.trim.setVisible(silent)
        self.hold.setVisible(soft)
        self.setVisible(silent or soft)

    def _settings_changed(self) -> None:
        with QSignalBlocker(self.hold):
            self.hold.setChecked(self._choice.settings.hold_level)
