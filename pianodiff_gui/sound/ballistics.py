"""How a level meter moves: up at once, down slowly, with the highest peak held for a while. In dB below full scale."""

from __future__ import annotations

import math

FLOOR = -60.0
"""dB: what counts as silence."""
FALL = 20.0
"""dB a second."""
HOLD = 1.5
"""Seconds that a peak is held before it falls."""
FULL = 1.0 - 2.0**-15
"""From here on a sample counts as clipped: the highest of 16 bits."""


def decibels(peak: float) -> float:
    """Of a sample's magnitude, at least FLOOR."""
    return max(FLOOR, 20 * math.log10(peak)) if peak > 0 else FLOOR


class Ballistics:
    """One channel of a meter. level, held: dB; clipped: since it was last reset."""

    def __init__(self) -> None:
        self.level = self.held = FLOOR
        self.clipped = False
        self._age = 0.0

    @property
    def resting(self) -> bool:
        """Whether nothing moves any more."""
        return self.level <= FLOOR and self.held <= FLOOR

    def advance(self, peak: float, seconds: float) -> None:
        """`seconds` have passed, in which `peak` was the largest magnitude that was heard."""
        now = decibels(peak)
        self.level = max(now, self.level - FALL * seconds)
        self._age += seconds
        if now >= self.held:
            self.held, self._age = now, 0.0
        elif self._age > HOLD:
            self.held = max(self.level, self.held - FALL * seconds)
        self.clipped = self.clipped or peak >= FULL
