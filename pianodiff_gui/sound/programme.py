"""What is to be played, as the feed reads it: frames of a timeline, looped or awaited, with ramps where it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

RAMP_SECONDS = 0.008
"""How long everything takes that keeps a cut from clicking: the fades around a wait, and from one sound to another."""

Loop = tuple[int, int]
"""Frames of a timeline, from the first to the one after the last."""


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


@dataclass(frozen=True, eq=False)
class Programme:
    """A timeline and how it is played.

    gain     times as loud as it is
    loop     is played over and over, within the timeline and not empty; None plays to the end
    growing  more is to come behind the end, and is waited for. Nothing to a loop, which never gets there.
    """

    timeline: Playable
    gain: float = 1.0
    loop: Loop | None = None
    growing: bool = False

    @property
    def ramp(self) -> int:
        """Frames of a ramp; no more than half of the loop."""
        frames = round(RAMP_SECONDS * self.timeline.sample_rate)
        return frames if self.loop is None else min(frames, (self.loop[1] - self.loop[0]) // 2)

    @property
    def awaited(self) -> bool:
        """Whether more is waited for at the end."""
        return self.growing and self.loop is None

    @property
    def end(self) -> int:
        """The frame at which it starts over, waits or ends."""
        return self.loop[1] if self.loop is not None else self.timeline.end

    def start(self, frame: int) -> int:
        """The frame from which it is played if `frame` is asked for: none behind the loop, none that there isn't."""
        if self.loop is not None and frame >= self.loop[1]:
            return self.loop[0]
        return min(max(frame, self.timeline.begin), self.timeline.end)

    @property
    def plain_end(self) -> int:
        """The frame up to which it is played as it is. Behind it comes the ramp of a loop, or what is kept back as long
        as nobody knows whether it goes on. The whole as a loop has no ramp: it starts over as it is.
        """
        whole = self.loop == (self.timeline.begin, self.timeline.end)
        return self.end - (self.ramp if self.awaited or (self.loop is not None and not whole) else 0)

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames of the timeline at its loudness here, as float32 (channels, frames). Raises PianoDiffError."""
        return np.float32(self.gain) * self.timeline.read(begin, end)

    def turn(self, at: int) -> np.ndarray:
        """What is played from `at`, at or behind `plain_end`, to the end of a loop: it goes over, in the ramp, to what
        lies before the loop's beginning, so that the beginning goes on from there. As `read`.
        """
        assert self.loop is not None
        block = self.read(at, self.end)
        count = block.shape[1]
        lead = self.read(self.loop[0] - count, self.loop[0])
        lead = np.pad(lead, ((0, 0), (count - lead.shape[1], 0)))  # nothing lies before the very beginning
        return mixed(block, lead, rise(self.ramp)[self.ramp - count :])

    def last(self, at: int) -> np.ndarray:
        """What is left from `at` on, fading out to silence over its end. As `read`."""
        block = self.read(at, self.end)
        count = min(self.ramp, block.shape[1])
        faded = block.copy()
        faded[:, block.shape[1] - count :] *= 1 - rise(count)
        return faded


def rise(frames: int) -> np.ndarray:
    """From almost 0 to almost 1 in half a cosine, float32 (frames,). 1 minus it is the same backwards."""
    return ((1 - np.cos(np.pi * (np.arange(frames) + 0.5) / max(frames, 1))) / 2).astype(np.float32)


def mixed(old: np.ndarray, new: np.ndarray, share: np.ndarray) -> np.ndarray:
    """From `old` to `new` by the `share` of the new; exactly what both are where they are equal."""
    mix: np.ndarray = np.where(old == new, new, old + (new - old) * share)
    return mix
