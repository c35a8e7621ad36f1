"""The notes of a recording: it is heard window by window, and what the network says of frames is put into notes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.audio.mono import mono_blocks
from core.audio.sample_types import noise_floor
from core.audio.signal import FloatArray, active_rms, resample, rms
from core.audio.source import Source
from core.audio.subsonic import noticed_offset
from core.networks.listener import Listener
from core.networks.listener_card import ListenerInfo, load_listener
from core.notes.frames import Frames, notes_of
from core.notes.note import KEYS, Note

STRUCK = 0.35
"""An onset's mark is 1 where it is certain; this is what counts as one, by F1 on recordings kept back."""
SOUNDS = 0.4
"""Below it a key no longer sounds."""
QUIETEST = noise_floor("FLOAT")
"""RMS below which nobody plays."""
MARGIN_SECONDS = 1.0
"""Heard to both sides of what is taken from a window: the network knows a frame by what is around it."""


class Hearing:
    """A recording that is being listened to. Iterate it for the share that has been heard; then ask for `notes`.

    audio           (frames,) float32, mono, at the listener's rate and any level
    info, network   the listener
    """

    def __init__(self, audio: FloatArray, info: ListenerInfo, network: Listener) -> None:
        self._audio, self._info, self._network = audio, info, network
        if audio.size:
            self._audio = audio - np.float32(noticed_offset(float(audio.mean(dtype=np.float64)), rms(audio) ** 2))
        level = active_rms(self._audio, self._info.sample_rate)
        self._silent = level < QUIETEST
        if not self._silent:
            self._audio = self._audio * np.float32(self._info.data_rms / level)
        self._heard = Frames(*np.zeros((3, self._network.frames(len(self._audio)), KEYS), np.float32))

    def __iter__(self) -> Iterator[float]:
        if self._silent:
            return
        total = len(self._heard.onset)
        for first, last in self._parts(total):
            self._hear(first, last)
            yield last / total

    def notes(self) -> list[Note]:
        """What has been heard, in order."""
        rate = self._info.sample_rate / self._network.hop
        return notes_of(self._heard, rate, STRUCK, SOUNDS)

    def _parts(self, total: int) -> Iterator[tuple[int, int]]:
        """Frames first..last that are taken from each window."""
        margin = self._margin_frames
        step = round(self._info.window_seconds * self._info.sample_rate / self._network.hop) - 2 * margin
        for first in range(0, total, step):
            yield first, min(first + step, total)

    @property
    def _margin_frames(self) -> int:
        return round(MARGIN_SECONDS * self._info.sample_rate / self._network.hop)

    def _hear(self, first: int, last: int) -> None:
        network, margin = self._network, self._margin_frames
        begin = max(0, first - margin)
        end = min(len(self._heard.onset), last + margin)
        stretch = self._audio[begin * network.hop : end * network.hop]
        said = said_by(network, np.pad(stretch, (0, -len(stretch) % network.hop)))
        for array, part in zip(self._heard, said, strict=True):
            array[first:last] = part[first - begin : last - begin]


@torch.inference_mode()
def said_by(network: Listener, audio: FloatArray) -> Frames:
    """What a listener says of (samples,) at its rate and level, as many as are a multiple of its hop."""
    heard = network(torch.from_numpy(audio)[None])
    return Frames(*(part[0].numpy() for part in (heard.onset.sigmoid(), heard.sounding.sigmoid(), heard.velocity)))


def hear(source: Source, folder: Path | None = None) -> Hearing:
    """A whole file, read block by block, ready to be listened to. Raises NetworkError, AudioError."""
    info, network = load_listener(folder)
    return Hearing(np.concatenate(list(mono_blocks(source, info.sample_rate))), info, network)


def listen(samples: FloatArray, sample_rate: float, folder: Path | None = None) -> list[Note]:
    """The notes of (channels, frames) float32; none for silence. Raises NetworkError."""
    info, network = shipped_listener() if folder is None else load_listener(folder)
    mono = resample(samples.mean(axis=0, keepdims=True), sample_rate, info.sample_rate)[0]
    hearing = Hearing(mono, info, network)
    for _ in hearing:
        pass
    return hearing.notes()


@cache
def shipped_listener() -> tuple[ListenerInfo, Listener]:
    """Loaded once: whoever listens to short stretches listens to many. Raises NetworkError."""
    return load_listener()
