"""Signals as they are drawn, at most two points a column: audio by its peaks, and a state x_t in the parts that have a
colour of their own. No Qt here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.analysis.peaks import PeakPyramid

_COLUMNS = 700  # of a picture of x_t


@dataclass(frozen=True, eq=False)
class Envelope:
    """A decimated signal: at most two points a column. seconds, low, high: (columns,); seconds are column centres."""

    seconds: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Outline:
    """The drawing of a signal of a window. Seconds are counted from where the new part begins.

    before, after: the known parts; new: what is between them; peak: the largest magnitude, which sets the height.
    """

    before: Envelope
    new: Envelope
    after: Envelope
    peak: float


def outline(signal: np.ndarray, known_frames: int, after_frames: int, sample_rate: float) -> Outline:
    """The drawing of `signal` (N,) float32, whose first known_frames and last after_frames are known."""
    frames = len(signal)
    new_frames = frames - known_frames - after_frames

    def part(first: int, last: int) -> Envelope:
        columns = round(_COLUMNS * (last - first) / max(1, frames))
        return envelope(signal[first:last], (first - known_frames) / sample_rate, sample_rate, columns)

    return Outline(
        before=part(0, known_frames),
        new=part(known_frames, known_frames + new_frames),
        after=part(known_frames + new_frames, frames),
        peak=float(np.abs(signal).max(initial=0.0)),
    )


def envelope(samples: np.ndarray, first_second: float, sample_rate: float, columns: int) -> Envelope:
    """Smallest and largest sample of each of at most `columns` equal stretches of `samples` (N,)."""
    frames = len(samples)
    if frames == 0 or columns < 1:
        empty = np.zeros(0, np.float32)
        return Envelope(empty, empty, empty)
    width = max(1, -(-frames // columns))
    starts = np.arange(0, frames, width)
    seconds = first_second + (np.minimum(starts + width / 2, (starts + frames) / 2)) / sample_rate
    return Envelope(seconds, np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts))


def seen_outline(
    pyramid: PeakPyramid,
    read: Callable[[int, int], np.ndarray],
    frames: tuple[int, int],
    offset: int,
    sample_rate: int,
    view: tuple[float, float],
    columns: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds, minima and maxima of what is in view of the pyramid's `frames` (first, and the one after the last).

    offset: frame of the time axis at which the pyramid begins; read: as `PeakPyramid.envelope` takes it; view: seconds
    from left to right; columns: of the whole view, of which this gets its share.

    Raises AudioError: as `read` does.
    """
    low, high = (edge * sample_rate - offset for edge in view)
    start, stop = max(frames[0], int(low) - 1), min(frames[1], int(high) + 2)
    if start >= stop:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    share = (stop - start) / max(1.0, high - low)
    lowest, highest, edges = pyramid.envelope(start, stop, max(2, round(columns * share)), read)
    return ((edges[:-1] + edges[1:] - 1) / 2 + offset) / sample_rate, lowest, highest
