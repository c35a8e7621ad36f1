"""Decoding one file for training: the mean of its channels, at the network's rate and at one level."""

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.audio.mono import mono_blocks
from core.audio.opening import open_source
from core.audio.signal import SILENCE_RMS, FloatArray, level_block, rms_of_active
from core.audio.source import BLOCK_FRAMES
from core.errors import AudioError

_SPOOL_BYTES = 1 << 26


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
        rms = level.rms()
        if not np.isfinite(rms):
            raise AudioError(f"{path.name} is too loud to be worked with: its samples are beyond any level.")
        if rms < SILENCE_RMS:  # lifted to the nominal level, its dither would be music
            if any((np.abs(block) > 100 * SILENCE_RMS).any() for block in source.blocks()):
                raise AudioError(f"{path.name} has channels that cancel each other: their mean is silence.")
            raise AudioError(f"{path.name} is silent.")
        spool.seek(0)
        while data := spool.read(4 * BLOCK_FRAMES):
            out.write((np.frombuffer(data, np.float32) * np.float32(data_rms / rms)).astype(np.float16).tobytes())
    return frames


class _ActiveLevel:
    """`core.audio.signal.active_rms` of a signal that comes in blocks."""

    def __init__(self, sample_rate: int) -> None:
        self._width = level_block(sample_rate)
        self._rest = np.zeros(0, np.float32)
        self._sums: list[np.ndarray] = []

    def add(self, block: FloatArray) -> None:
        samples = np.concatenate([self._rest, block])
        whole = len(samples) // self._width * self._width
        self._sums.append(np.square(samples[:whole], dtype=np.float64).reshape(-1, self._width).sum(axis=1))
        self._rest = samples[whole:]

    def rms(self) -> float:
        sums = np.concatenate([*self._sums, [np.square(self._rest, dtype=np.float64).sum()]])
        counts = np.full(len(sums), self._width)
        counts[-1] = len(self._rest)
        return rms_of_active(sums[counts > 0], counts[counts > 0])
