"""The bar at the bottom: the last message, and what is worked with."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStatusBar

from core.audio.source import Source
from core.networks.card import NetworkInfo
from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import font

_LONGEST_NETWORK = 32  # characters of a network's title


class StatusBar(QStatusBar):
    """A message at the left; at the right what is being heard, sound, file, network and device."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.message = ElidedLabel()
        self.hearing, self.sound, self.file = QLabel(), QLabel(), ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.network, self.device = ElidedLabel(), QLabel()
        self.addWidget(self.message, 1)
        for label in (self.hearing, self.sound, self.file, self.network, self.device):
            label.setFont(font(8.75, tabular=True))
            self.addPermanentWidget(label)
        self.message.setFont(font(8.75))
        self.device.setText("PyTorch is loading\u2026")

    def show_sound(self, problem: str) -> None:
        """problem: why nothing can be played, "" when it can."""
        self.sound.setText("no sound" if problem else "")
        self.sound.setToolTip(problem)

    def show_facts(self, source: Source | None, network: NetworkInfo | None, device: str) -> None:
        """What is worked with; `device` is "" as long as nobody knows."""
        self.file.setText(describe_file(source) if source is not None else "")
        self.network.setText(
            f"{wording.short(network.title, _LONGEST_NETWORK)}, {wording.kilohertz(network.sample_rate)}"
            if network is not None
            else "no network"
        )
        if device:
            self.device.setText(wording.device(device))


def describe_file(source: Source) -> str:
    """ "clip.wav: 44.1 kHz stereo, 16 bit"."""
    channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels")
    kind = source.subtype.removeprefix("PCM_")
    depth = f"{kind} bit" if kind.isdigit() else source.format if source.lossy else kind.lower()
    return f"{source.path.name}: {source.sample_rate / 1000:g} kHz {channels}, {depth}"
