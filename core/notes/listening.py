"""The notes of a recording: it is heard window by window, and what the network says of frames is put into notes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.audio.mono import mono_blocks
from core.audio.signal import SILENCE_RMS, FloatArray, active_rms, resample
from core.audio.source import Source
from core.networks.listener import KEYS, Listener
from core.networks.listener_card import ListenerInfo, load_listener
from core.notes.note import LOWEST_KEY, SHORTEST, Note, one_string_a_key

STRUCK = 0.35
"""An onset's mark is 1 where it is certain; this is what counts as one, by F1 on recordings kept back."""
SOUNDS = 0.4
"""Below it a key no longer sounds."""
MARGIN_SECONDS = 1.0
"""Heard to both sides of what is taken from a window: the network knows a frame by what is around it."""


class Hearing:
    """A recording that is being listened to. Iterate it for the share that has been heard; then ask for `notes`.

    audio           (frames,) float32, mono, at the listener's rate and any level
    info, network   the listener
    """

    def __init__(self, audio: FloatArray, info: ListenerInfo, network: Listener) -> None:
        self._audio, self._info, self._network = audio, info, network
        level = active_rms(self._audio, self._info.sample_rate)
        self._silent = level < SILENCE_RMS
        if not self._silent:
            self._audio = self._audio * np.float32(self._info.data_rms / level)
        self._onset, self._sounding, self._velocity = (
            np.zeros((self._network.frames(len(self._audio)), KEYS), np.float32) for _ in range(3)
        )

    def __iter__(self) -> Iterator[float]:
        if self._silent:
            return
        total = len(self._onset)
        for first, last in self._parts(total):
            self._hear(first, last)
            yield last / total

    def notes(self) -> list[Note]:
        """What has been heard, in order."""
        rate = self._info.sample_rate / self._network.hop
        return notes_of(self._onset, self._sounding, self._velocity, rate)

    def _parts(self, total: int) -> Iterator[tuple[int, int]]:
        """Frames first..last that are taken from each window."""
        margin = self._margin_frames
        step = round(self._info.window_seconds * self._info.sample_rate / self._network.hop) - 2 * margin
        for first in range(0, total, step):
            yield first, min(first + step, total)

    @property
    def _margin_frames(self) -> int:
        return round(MARGIN_SECONDS * self._info.sample_rate / self._network.hop)

    @torch.inference_mode()
    def _hear(self, first: int, last: int) -> None:
        network, margin = self._network, self._margin_frames
        begin = max(0, first - margin)
        end = min(len(self._onset), last + margin)
        stretch = self._audio[begin * network.hop : end * network.hop]
        missing = -len(stretch) % network.hop
        heard = network(torch.from_numpy(np.pad(stretch, (0, missing)))[None])
        taken = slice(first - begin, last - begin)
        for array, said in (
            (self._onset, heard.onset.sigmoid()),
            (self._sounding, heard.sounding.sigmoid()),
            (self._velocity, heard.velocity),
        ):
            array[first:last] = said[0, taken].numpy()


def hear(source: Source, folder: Path | None = None) -> Hearing:
    """A whole file, read block by block, ready to be listened to. Raises NetworkError, AudioError."""
    info, network = load_listener(folder)
    return Hearing(np.concatenate(list(mono_blocks(source, info.sample_rate))), info, network)


def listen(samples: FloatArray, sample_rate: float, folder: Path | None = None) -> list[Note]:
    """The notes of (channels, frames) float32; none for silence. Raises NetworkError."""
    info, network = _shipped() if folder is None else load_listener(folder)
    mono = resample(samples.mean(axis=0, keepdims=True), sample_rate, info.sample_rate)[0]
    hearing = Hearing(mono, info, network)
    for _ in hearing:
        pass
    return hearing.notes()


@cache
def _shipped() -> tuple[ListenerInfo, Listener]:
    """Loaded once: whoever listens to short stretches listens to many."""
    return load_listener()


def notes_of(onset: FloatArray, sounding: FloatArray, velocity: FloatArray, rate: float) -> list[Note]:
    """What frames say as notes; all (frames, 88), 0..1; rate: frames a second.

    A note begins at each peak of the onset's mark above `STRUCK`. Its time is where the two slopes around the peak meet
    (Kong et al. 2021, section 3.3). It lasts until its key no longer sounds, or is struck again.
    """
    found = []
    for key in range(KEYS):
        marks = onset[:, key]
        for frame in _peaks(marks):
            struck = _time(marks, frame) / rate
            ended = _end(sounding[:, key], frame) / rate
            speed = min(127, max(1, round(127 * float(velocity[frame, key]))))
            found.append(Note(struck, max(ended, struck + SHORTEST), LOWEST_KEY + key, speed))
    return one_string_a_key(found)


def _peaks(marks: FloatArray) -> list[int]:
    """Frames whose mark is at least `STRUCK` and higher than both neighbours'."""
    padded = np.pad(marks, 1, constant_values=-1.0)
    peak = (marks >= STRUCK) & (marks > padded[:-2]) & (marks >= padded[2:])
    return [int(frame) for frame in np.flatnonzero(peak)]


def _time(marks: FloatArray, frame: int) -> float:
    """The frame, with its fraction, at which two equal slopes through the peak's neighbours meet."""
    if not 0 < frame < len(marks) - 1:
        return float(frame)
    before, at, after = (float(marks[frame + k]) for k in (-1, 0, 1))
    lower = min(before, after)
    steep = at - lower
    return frame + (after - before) / (2 * steep) if steep > 0 else float(frame)


def _end(sounding: FloatArray, frame: int) -> int:
    """The first frame behind an onset in which its key does not sound: in its own, it may not sound yet."""
    begin = frame + 1
    silent = np.flatnonzero(sounding[begin:] < SOUNDS)
    return begin + int(silent[0]) if silent.size else len(sounding)
