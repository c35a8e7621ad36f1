"""A file as one channel at a network's rate, block by block: an hour never lies in memory with all its channels."""

from collections.abc import Iterator

import numpy as np
import soxr

from core.audio.signal import FloatArray
from core.audio.source import Source


def mono_blocks(source: Source, sample_rate: int) -> Iterator[FloatArray]:
    """Mean of the channels in blocks, at `sample_rate`: what `core.audio.signal.resample` would give for the whole."""
    if source.sample_rate == sample_rate:
        for block in source.blocks():
            yield block.mean(axis=1)
        return
    # A run of blocks is the same to soxr as the whole at once.
    stream = soxr.ResampleStream(source.sample_rate, sample_rate, 1, dtype="float32", quality="VHQ")
    wanted = max(1, round(source.frames * sample_rate / source.sample_rate))
    taken = given = 0
    for block in source.blocks():
        taken += len(block)
        data = stream.resample_chunk(block.mean(axis=1), last=taken >= source.frames)[: wanted - given]
        given += len(data)
        yield data
    if given < wanted:
        yield np.zeros(wanted - given, np.float32)
