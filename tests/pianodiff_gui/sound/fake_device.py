"""A sound card that plays into memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from pianodiff_gui.sound.player import Player


class FakeStream:
    """A sound card: asks for blocks when `pull` is called, and keeps what it got."""

    latency = 0.0

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.active = False
        self.got: list[np.ndarray] = []

    def start(self) -> None:
        self.active = True

    def abort(self) -> None:
        self.active = False

    def close(self) -> None:
        self.active = False

    def pull(self, frames: int) -> None:
        out = np.full((frames, self.options["channels"]), np.nan, np.float32)
        self.options["callback"](out, frames, None, None)
        self.got.append(out)

    def heard(self) -> np.ndarray:
        return np.concatenate(self.got)[:, 0]


class FakeSoundDevice:
    """The part of sounddevice that the player uses."""

    def __init__(self, refuse_rate: int = 0, fail: bool = False) -> None:
        self.refuse_rate, self.fail = refuse_rate, fail
        self.streams: list[FakeStream] = []

    def query_devices(self, kind: str) -> dict[str, Any]:
        return {"max_output_channels": 2, "default_samplerate": 48_000.0}

    def check_output_settings(self, samplerate: int, **_: Any) -> None:
        if samplerate == self.refuse_rate:
            raise ValueError("Invalid sample rate")

    def OutputStream(self, **options: Any) -> FakeStream:
        if self.fail:
            raise OSError("Device unavailable")
        stream = FakeStream(**options)
        self.streams.append(stream)
        return stream


def make_player(device: FakeSoundDevice) -> Player:
    player = Player()
    player.card.library = device
    return player


def no_device(**_: Any) -> None:
    raise ValueError("Error querying device -1")
