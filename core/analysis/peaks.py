"""Minima and maxima at two resolutions, so that any stretch of an hour draws in a few milliseconds.

Bins sit at fixed multiples of their width, a power of two of frames. Panning therefore never regroups
samples, and the picture doesn't shimmer. The last, partial bin is part of every answer: it holds the seam.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.audio.signal import FloatArray
from core.audio.source import Source

FINE, COARSE = 256, 65536
"""Frames per bin of the two stored resolutions."""


class PeakPyramid:
    """Minimum and maximum of the mean of all channels, per 256 and per 65536 frames; grows by append."""

    def __init__(self) -> None:
        self._frames = 0
        self._fine = _Bins(FINE)
        self._coarse = _Bins(COARSE // FINE)

    @classmethod
    def of(cls, source: Source, progress: Callable[[float], object] | None = None) -> PeakPyramid:
        """Stream a file into a new pyramid. `progress` gets the share done, 0..1; it may raise to give up.

        Raises:
            AudioError: the file is damaged.
        """
        pyramid = cls()
        for block in source.blocks("float32"):
            pyramid.append(block.T)
            if progress is not None:
                progress(pyramid.frames / source.frames)
        return pyramid

    @property
    def frames(self) -> int:
        """Frames seen so far."""
        return self._frames

    def append(self, samples: FloatArray) -> None:
        """Add frames at the end: float (channels, frames). Samples that are not finite count as 0."""
        mono = mix(samples)
        self._frames += mono.size
        complete = self._fine.append(mono, mono)
        self._coarse.append(*complete)

    def envelope(
        self,
        start_frame: int,
        stop_frame: int,
        columns: int,
        read: Callable[[int, int], FloatArray],
    ) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
        """Minima and maxima that cover frames start..stop (cut to what exists) in at most `columns` bins.

        The bin width is the smallest power of two of frames that needs no more than `columns` bins; the
        outermost bins reach past start and stop to their fixed multiples, or to the end of the audio.

        Args:
            start_frame, stop_frame: the range in frames.
            columns: most bins wanted, at least 2.
            read: gives samples (channels, frames) of a range of frames; used only for bins narrower than 256
                frames.

        Returns:
            minima (n,), maxima (n,) and the bins' edges in frames (n + 1,); n is 0 when the range is empty.
        """
        if columns < 2:
            raise ValueError("an envelope needs at least 2 columns")
        start = max(0, start_frame)
        stop = min(self._frames, stop_frame)
        if stop <= start:
            nothing = np.zeros(0, np.float32)
            return nothing, nothing, np.full(1, start, np.int64)
        width = 1
        while -(-stop // width) - start // width > columns:
            width *= 2
        first, last = start // width, -(-stop // width)
        edges = np.minimum(np.arange(first, last + 1, dtype=np.int64) * width, self._frames)
        if width < FINE:
            mono = mix(read(int(edges[0]), int(edges[-1])))
            low, high = _group(mono, mono, width)
        elif width < COARSE:
            low, high = self._fine.range(first, last, width // FINE)
        else:
            low, high = self._coarse.range(first, last, width // COARSE, self._fine.partial())
        return low, high, edges


def mix(samples: FloatArray) -> FloatArray:
    """Mean of all channels, float32 (frames,), with 0 for what is not finite: what a waveform view shows."""
    mono = samples[0] if len(samples) == 1 else samples.mean(axis=0)
    mono = np.asarray(mono, np.float32)
    return mono if np.isfinite(mono).all() else np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)


class _Bins:
    """Growing minima and maxima of `width` items each, and of the items that don't fill a bin yet."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._count = 0
        self._low = np.zeros(64, np.float32)
        self._high = np.zeros(64, np.float32)
        self._rest = (np.zeros(0, np.float32), np.zeros(0, np.float32))

    def append(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Take in more items; returns the bins that were completed."""
        low = np.concatenate([self._rest[0], low])
        high = np.concatenate([self._rest[1], high])
        whole = low.size - low.size % self._width
        self._rest = (low[whole:].copy(), high[whole:].copy())
        done = _group(low[:whole], high[:whole], self._width)
        needed = self._count + done[0].size
        if needed > self._low.size:
            size = max(needed, 2 * self._low.size)
            self._low = np.concatenate([self._low[: self._count], np.zeros(size - self._count, np.float32)])
            self._high = np.concatenate([self._high[: self._count], np.zeros(size - self._count, np.float32)])
        self._low[self._count : needed] = done[0]
        self._high[self._count : needed] = done[1]
        self._count = needed
        return done

    def partial(self) -> tuple[FloatArray, FloatArray]:
        """The bin that isn't full yet, as arrays of one item, or of none."""
        return _group(*self._rest, self._width)

    def range(
        self, first: int, last: int, group: int, tail: tuple[FloatArray, FloatArray] | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Bins first..last, each made of `group` stored bins, the trailing partial ones included.

        `tail` holds items that came after the last one appended here: a coarser level gets complete finer
        bins only.
        """
        begin, end = first * group, last * group
        low, high = self._low[begin : min(end, self._count)], self._high[begin : min(end, self._count)]
        if end > self._count:
            rest = self._rest
            if tail is not None:
                rest = (np.concatenate([rest[0], tail[0]]), np.concatenate([rest[1], tail[1]]))
            extra = _group(*rest, self._width)
            low, high = np.concatenate([low, extra[0]]), np.concatenate([high, extra[1]])
        return _group(low, high, group)


def _group(low: FloatArray, high: FloatArray, width: int) -> tuple[FloatArray, FloatArray]:
    """Minima of `low` and maxima of `high` over groups of `width` items; the last group may be smaller."""
    if width == 1 or not low.size:
        return low, high
    starts = np.arange(0, low.size, width)
    return np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
