"""The part of a recording that is played most."""

from __future__ import annotations

import numpy as np

from core.audio.source import Source

_BLOCK_SECONDS = 0.1
_BLOCKS_AT_ONCE = 600


def loudest_stretch(source: Source, frames: int) -> tuple[int, int]:
    """Begin and end, in frames, of the `frames` long stretch with most power, to a tenth of a second; of a shorter
    recording all. Raises AudioError.
    """
    if source.frames <= frames:
        return 0, source.frames
    block = max(1, round(_BLOCK_SECONDS * source.sample_rate))
    powers: list[np.ndarray] = []
    for begin in range(0, source.frames, block * _BLOCKS_AT_ONCE):
        samples = source.read(begin, min(begin + block * _BLOCKS_AT_ONCE, source.frames))
        power = np.square(samples, dtype=np.float64).sum(axis=0)
        powers.append(np.add.reduceat(power, np.arange(0, len(power), block)))
    total = np.concatenate([[0.0], np.cumsum(np.concatenate(powers))])
    count = max(1, frames // block)
    begin = min(int(np.argmax(total[count:] - total[:-count])) * block, source.frames - frames)
    return begin, begin + frames
