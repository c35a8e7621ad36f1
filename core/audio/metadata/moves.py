"""Where the frames of a recording come to be when new audio is put before, behind and into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Moves:
    """What is put where.

    frames      of the recording
    inserts     (begin, end, new): so many new frames in place of the recording's begin..end, in the order of time;
                (0, 0, new) is before everything, (frames, frames, new) behind the last
    """

    frames: int
    inserts: Sequence[tuple[int, int, int]]

    @property
    def before(self) -> int:
        """New frames before the recording's first."""
        return sum(new for _, end, new in self.inserts if end == 0)

    def place(self, frame: int) -> int:
        """Where `frame` of the recording comes to be; one in a gap that is filled stays at its time in it. What is
        marked at the very end stays there: it is where the new audio begins.
        """
        return frame + sum(
            new - (end - begin) for begin, end, new in self.inserts if end <= frame and begin < self.frames
        )
