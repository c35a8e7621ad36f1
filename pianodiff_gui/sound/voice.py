"""Short sounds at once, one over the other: a key that is clicked, a note that is moved.

The stream is opened for the first of them, which takes a while: so `sound` and `close` are for another thread than the
GUI's, one call at a time. The callback adds nothing up: what is heard was mixed before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.audio.signal import FloatArray
from pianodiff_gui.sound.card import SoundCard, close_stream


class Voice:
    """Plays on the card's output, at its own rate."""

    def __init__(self, card: SoundCard) -> None:
        self._card = card
        self._stream: Any = None
        self._rate = 0
        self._at = self._block = 0  # frames handed over, and how many the last time
        self._mix: tuple[int, FloatArray] = (0, np.zeros(0, np.float32))  # first frame and samples: set in one go

    @property
    def silent(self) -> bool:
        """Whether all there was has been handed over."""
        begin, samples = self._mix
        return self._at >= begin + len(samples)

    def sound(self, make: Callable[[int], FloatArray]) -> None:
        """Play what `make` gives for a sample rate, float32 (frames,), as soon as it can be. Raises what PortAudio does
        when the device can't be opened.
        """
        if self._stream is not None and not self._stream.active:  # the card went away
            self.close()
        if self._stream is None:
            self._open()
        new = make(self._rate)
        # The callback may take another block meanwhile: what is new begins behind that.
        at, delay = self._at, self._block
        begin, samples = self._mix
        rest = samples[max(0, at - begin) :]
        mix = np.zeros(max(len(rest), delay + len(new)), np.float32)
        mix[: len(rest)] = rest
        mix[delay : delay + len(new)] += new
        self._mix = (at, np.clip(mix, -1.0, 1.0))

    def close(self) -> None:
        """Let go of the sound device."""
        stream, self._stream = self._stream, None
        self._mix = (0, np.zeros(0, np.float32))
        if stream is not None:
            close_stream(stream)

    def _open(self) -> None:
        library = self._card.library
        device = library.query_devices(kind="output")
        self._rate = int(device["default_samplerate"])
        self._at = self._block = 0
        channels = max(1, min(2, int(device["max_output_channels"])))
        self._stream = library.OutputStream(
            samplerate=self._rate, channels=channels, dtype="float32", latency="low", callback=self._callback
        )
        self._stream.start()

    def _callback(self, out: np.ndarray, frames: int, when: Any, status: Any) -> None:
        (begin, samples), at = self._mix, self._at
        piece = samples[at - begin : at - begin + frames]
        out[: len(piece)] = piece[:, None]
        out[len(piece) :] = 0
        self._at, self._block = at + frames, frames
