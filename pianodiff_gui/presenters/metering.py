"""Metering: how loud what is heard is, 30 times a second."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QObject, QTimer

from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.meter import LevelMeter

_INTERVAL = 33  # ms


class Metering(QObject):
    """Between the players and the meter. Looks at what the sound card has taken; nothing is done in its callback.

    It rests while nothing plays and the bars have fallen.
    """

    def __init__(self, players: tuple[Player, ...], meter: LevelMeter, parent: QObject) -> None:
        super().__init__(parent)
        self._players, self._meter = players, meter
        self._last = 0.0
        self._timer = QTimer(self, interval=_INTERVAL)
        self._timer.timeout.connect(self._look)
        for player in players:
            player.playing_changed.connect(self._begin)

    def _begin(self, playing: bool) -> None:
        if playing and not self._timer.isActive():
            self._last = time.monotonic()
            self._timer.start()

    def _look(self) -> None:
        now, passed = time.monotonic(), self._last
        self._last = now
        peaks = np.zeros(2, np.float32)
        for player in self._players:
            heard = player.recent()
            if len(heard):
                peaks = np.maximum(peaks, np.abs(heard).max(axis=0))
        self._meter.advance([float(peak) for peak in peaks], now - passed)
        if self._meter.resting and not any(player.playing for player in self._players):
            self._timer.stop()
