"""The queue between what reads ahead and the sound card, and what was in it a moment ago."""

from __future__ import annotations

import numpy as np


class Ring:
    """A queue of frames between one writer and one reader. Both counters are of all frames so far; the reader's only
    grows, and the writer's falls back only to what is well ahead of it. Each is written by one side only.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self._data = np.zeros((frames, channels), np.float32)
        self.written = 0
        self.read = 0

    @property
    def room(self) -> int:
        return len(self._data) - (self.written - self.read)

    @property
    def ready(self) -> int:
        """Frames that the reader has yet to take."""
        return self.written - self.read

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

    def look(self, begin: int, end: int) -> np.ndarray:
        """A copy of frames begin..end, counted as the counters do, (end - begin, channels). As long as they are there:
        of what was read, the last before the writer came round again.
        """
        return self._data[np.arange(begin, end) % len(self._data)]

    def rewrite(self, begin: int, frames: np.ndarray) -> None:
        """Let frame `begin` and all that was written behind it be `frames` (n, channels). A reader that gets there
        meanwhile has heard some of what was there before, and goes on with these.
        """
        end = begin + len(frames)
        self._data[np.arange(begin, end) % len(self._data)] = frames
        self.written = max(end, self.read)
