"""A spectrogram at six resolutions in time, so that any stretch of an hour is there to be drawn in a few milliseconds.

It consists of blocks of 1024 columns (24 s), which are put in as they are made, in any order, and may be replaced. A
column of a coarser resolution holds the largest level of four of the next finer one. The largest, not the mean: a note
of 50 ms does not fade as one zooms out, a steady tone is as dark at every zoom, and what is gathered from bytes is what
would be gathered from the audio itself, without an error that grows from level to level.

An hour takes 64 MB: 307 rows of one byte, 43 columns a second, and a third of that for the coarser resolutions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.analysis.spectrogram import FLOOR_DB, STEP_DB, Levels

BLOCK_COLUMNS = 1024
"""Columns of a block. Block b holds columns from b times that."""

_STEPS = tuple(4**power for power in range(6))  # columns gathered in one, by resolution


@dataclass(frozen=True, eq=False)
class Block:
    """levels: (1024, rows), (256, rows) ... (1, rows). counts: (256,), how many points of the first have each level."""

    levels: tuple[Levels, ...]
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, finest: Levels, at: int = 0) -> Block:
        """Of columns from the block's column `at` on; before and behind them is silence."""
        whole = np.zeros((BLOCK_COLUMNS, finest.shape[1]), np.uint8)
        whole[at : at + len(finest)] = finest
        levels = [whole]
        for _ in _STEPS[1:]:
            levels.append(_largest(levels[-1], 4))
        return cls(tuple(levels), np.bincount(whole.ravel(), minlength=256))


@dataclass(frozen=True, eq=False)
class Picture:
    """Part of a spectrogram: levels (n, rows); column i of it shows `step` columns from first + i * step."""

    levels: Levels
    first: int
    step: int


class SpectrogramPyramid:
    """Blocks by their number, which may be below 0."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.blocks: dict[int, Block] = {}

    def picture(self, begin: float, end: float, width: int) -> Picture:
        """Columns begin..end in at most `width` (2 or more) columns; silence where there is no block.

        As many columns are gathered in one as the smallest power of two that needs no more than `width`, at fixed
        multiples of it. Panning therefore never regroups them, and the picture doesn't flicker.
        """
        if width < 2:
            raise ValueError("a picture needs at least 2 columns")
        step = 1
        while np.ceil(end / step) - np.floor(begin / step) > width:
            step *= 2
        first, last = int(np.floor(begin / step)) * step, int(np.ceil(end / step)) * step
        resolution = max(index for index, columns in enumerate(_STEPS) if columns <= step)
        gathered = _STEPS[resolution]
        found = np.zeros((max(0, last - first) // gathered, self.rows), np.uint8)
        for index in range(first // BLOCK_COLUMNS, -(-last // BLOCK_COLUMNS)):
            block = self.blocks.get(index)
            if block is None:
                continue
            at = index * BLOCK_COLUMNS
            low, high = max(first, at), min(last, at + BLOCK_COLUMNS)
            piece = block.levels[resolution][(low - at) // gathered : (high - at) // gathered]
            found[(low - first) // gathered : (high - first) // gathered] = piece
        return Picture(_largest(found, step // gathered), first, step)

    def counts(self) -> npt.NDArray[np.int64]:
        """How many points have each of the 256 levels, (256,), over all blocks."""
        return np.sum([block.counts for block in self.blocks.values()], axis=0, initial=0) + np.zeros(256, np.int64)


def _largest(levels: Levels, group: int) -> Levels:
    """Of every `group` columns."""
    if group == 1:
        return levels
    return np.asarray(levels.reshape(-1, group, levels.shape[1]).max(axis=1))


def drawn_range(counts: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The levels at which a picture begins to be darker than paper, and is darkest, by how many points have each.

    It begins at the median of what isn't silence, so that half of all points, the room between the notes, stay paper;
    but 40 to 70 dB below the loudest, whatever the recording.
    """
    sounding = np.cumsum(counts * (np.arange(counts.size) > 0))
    if sounding[-1] == 0:
        return _level(-70.0), _level(0.0)
    median, loudest = (int(np.searchsorted(sounding, share * sounding[-1])) for share in (0.5, 0.9999))
    return int(np.clip(median, loudest - 70 / STEP_DB, loudest - 40 / STEP_DB)), loudest


def _level(decibels: float) -> int:
    return round((decibels - FLOOR_DB) / STEP_DB)
