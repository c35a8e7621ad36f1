"""What is played is read ahead of the playhead, in a thread of its own, into a ring that the sound card empties."""

from __future__ import annotations

import math
import threading
from typing import Protocol

import numpy as np
import soxr

from core.errors import PianoDiffError

_RING_SECONDS = 2.0
_BLOCK = 4096  # frames read at a time


class Playable(Protocol):
    """What a player can play, such as a Timeline. Its first frame need not be frame 0."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def begin(self) -> int: ...

    @property
    def end(self) -> int: ...

    @property
    def begin_seconds(self) -> float: ...

    @property
    def end_seconds(self) -> float: ...

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames begin..end (clipped to what there is) as float32 (channels, frames). May raise PianoDiffError."""
        ...


class Ring:
    """A queue of frames between one writer and one reader. Counters only grow; each is written by one side only."""

    def __init__(self, frames: int, channels: int) -> None:
        self._data = np.zeros((frames, channels), np.float32)
        self.written = 0
        self.read = 0
        self.ended = False  # the writer has written all there is

    @property
    def room(self) -> int:
        return len(self._data) - (self.written - self.read)

    def write(self, frames: np.ndarray) -> None:
        """Append (n, channels); n must not exceed `room`."""
        begin = self.written % len(self._data)
        first = min(len(frames), len(self._data) - begin)
        self._data[begin : begin + first] = frames[:first]
        self._data[: len(frames) - first] = frames[first:]
        self.written += len(frames)

    def read_into(self, out: np.ndarray) -> None:
        """Fill `out` (n, channels); silence where nothing is ready."""
        count = min(len(out), self.written - self.read)
        begin = self.read % len(self._data)
        first = min(count, len(self._data) - begin)
        out[:first] = self._data[begin : begin + first]
        out[first:count] = self._data[: count - first]
        out[count:] = 0
        self.read += count


class Feed(threading.Thread):
    """Reads the timeline ahead of the playhead into a ring, at the sound card's rate and channels."""

    def __init__(self, timeline: Playable, start: int, loop: bool, rate: int, channels: int, gain: float) -> None:
        super().__init__(name="pianodiff-feed", daemon=True)
        self.timeline, self.start_frame, self.loop = timeline, start, loop
        self._gain = np.float32(gain)
        self.ratio = rate / timeline.sample_rate
        self.ring = Ring(max(round(_RING_SECONDS * rate), math.ceil(4 * _BLOCK * max(1.0, self.ratio))), channels)
        self.error = ""
        self._channels = channels
        self._at = start
        self._halt = threading.Event()
        self._resampler = (
            soxr.ResampleStream(timeline.sample_rate, rate, channels) if rate != timeline.sample_rate else None
        )

    def stop(self) -> None:
        self._halt.set()

    def position(self, played: float) -> float:
        """Frame of the timeline that sounds after `played` frames at the sound card's rate."""
        frame = self.start_frame + played / self.ratio
        begin, end = self.timeline.begin, self.timeline.end
        return begin + (frame - begin) % (end - begin) if self.loop else min(frame, end)

    def prefill(self) -> None:
        """Read the first block here and now, so that playback starts without a gap."""
        self._step()

    def run(self) -> None:
        while not self._halt.is_set() and not self.ring.ended:
            if self.ring.room < 2 * _BLOCK * max(1.0, self.ratio):
                self._halt.wait(0.02)
            else:
                self._step()

    def _step(self) -> None:
        try:
            block = self.timeline.read(self._at, self._at + _BLOCK)
        except PianoDiffError as error:
            self.error = str(error)
            self.ring.ended = True
            return
        self._at += block.shape[1]
        last = self._at >= self.timeline.end
        if last and self.loop:
            self._at, last = self.timeline.begin, False
        frames = self._gain * fold(block, self._channels)
        if self._resampler is not None:
            frames = self._resampler.resample_chunk(frames, last=last)
        self.ring.write(frames)
        self.ring.ended = last


def fold(block: np.ndarray, channels: int) -> np.ndarray:
    """(C, n) as contiguous (n, channels): as it is where the counts agree, else the mean of all on every channel."""
    if len(block) != channels:
        block = np.broadcast_to(block.mean(axis=0), (channels, block.shape[1]))
    return np.ascontiguousarray(block.T, np.float32)
