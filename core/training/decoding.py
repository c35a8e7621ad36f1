"""Decoding one file for training: the mean of its channels, at the network's rate and at one level."""

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.audio.mono import mono_blocks
from core.audio.opening import open_source
from core.audio.signal import FloatArray, level_block, rms_of_active
from core.audio.source import BLOCK_FRAMES
from core.audio.subsonic import noticed_offset
from core.errors import AudioError

_SPOOL_BYTES = 1 << 26
_LEAST_BLOCKS = 10
"""Of 50 ms, for an offset to be told from music."""


def decode(path: Path, sample_rate: int, data_rms: float, spool_folder: Path, out: BinaryIO) -> int:
    """Append one file to `out`, mono float16 at `sample_rate` and active RMS `data_rms`, and return its frames.

    spool_folder: where a long file waits while its level is not known yet.

    Raises AudioError when it can't be used.
    """
    with (
        open_source(path) as source,
        # The level is known only at the end. Long files wait for it on disk, nameless where the system can do that.
        tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=str(spool_folder), prefix=".", suffix=".part") as spool,
    ):
        source.check_finite()
        level = _ActiveLevel(sample_rate)
        frames = 0
        for block in mono_blocks(source, sample_rate):
            level.add(block)
            spool.write(block.tobytes())
            frames += len(block)
        offset = level.offset()
        rms = level.rms(offset)
        if not np.isfinite(rms):
            raise AudioError(f"{path.name} is too loud to be worked with: its samples are beyond any level.")
        if rms < source.noise_floor:  # lifted to the nominal level, its dither would be music
            if any((np.abs(block) > 100 * source.noise_floor).any() for block in source.blocks()):
                raise AudioError(f"{path.name} has channels that cancel each other: their mean is silence.")
            raise AudioError(f"{path.name} is silent.")
        spool.seek(0)
        while data := spool.read(4 * BLOCK_FRAMES):
            samples = np.frombuffer(data, np.float32) - np.float32(offset)
            out.write((samples * np.float32(data_rms / rms)).astype(np.float16).tobytes())
    return frames


class _ActiveLevel:
    """`core.audio.signal.active_rms` of a signal that comes in blocks."""

    def __init__(self, sample_rate: int) -> None:
        self._width = level_block(sample_rate)
        self._rest = np.zeros(0, np.float32)
        self._sums: list[np.ndarray] = []  # of each block's squares
        self._totals: list[np.ndarray] = []  # of its samples

    def add(self, block: FloatArray) -> None:
        samples = np.concatenate([self._rest, block])
        whole = len(samples) // self._width * self._width
        blocks = samples[:whole].reshape(-1, self._width)
        self._sums.append(np.square(blocks, dtype=np.float64).sum(axis=1))
        self._totals.append(_sum(blocks))
        self._rest = samples[whole:]

    def offset(self) -> float:
        """The signal's constant offset; 0.0 where it is too little to be noticed, or the signal too short to tell."""
        sums, totals, counts = self._blocks()
        frames = counts.sum()
        if frames < _LEAST_BLOCKS * self._width:
            return 0.0
        return noticed_offset(float(totals.sum() / frames), float(sums.sum() / frames))

    def rms(self, offset: float) -> float:
        """Of the signal without that offset."""
        sums, totals, counts = self._blocks()
        if offset:
            sums = np.maximum(sums - 2 * offset * totals + counts * offset**2, 0)
        return rms_of_active(sums, counts)

    def _blocks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each block the sum of squares, the sum, and how many samples it has."""
        rest = self._rest.astype(np.float64)
        sums = np.concatenate([*self._sums, [np.square(rest).sum()]])
        totals = np.concatenate([*self._totals, _sum(rest[None])])
        counts = np.full(len(sums), self._width)
        counts[-1] = len(rest)
        return sums[counts > 0], totals[counts > 0], counts[counts > 0]


def _sum(blocks: np.ndarray) -> np.ndarray:
    """(blocks, samples) -> (blocks,). What is beyond any level has none, and is told from its squares."""
    with np.errstate(invalid="ignore"):
        return np.asarray(blocks.sum(axis=1, dtype=np.float64))
