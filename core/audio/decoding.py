"""Reading from a decoder whose word can't be taken: a damaged stream makes it lie about where it stands, or how much
it gave. Every seek and read of an audio file is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.audio.sample_types import SampleType

HOSTILE = (sf.SoundFileError, OSError, ValueError, RuntimeError, TypeError, OverflowError, MemoryError)
"""What opening, seeking or reading a file raises where the decoder lost its way: soundfile works out array shapes from
the decoder's counts, so that a wrong count ends in numpy's or cffi's exceptions."""


class UndecodableError(Exception):
    """A stretch that can't be decoded."""


def decode(handle: sf.SoundFile, start: int, count: int, sample_type: SampleType) -> npt.NDArray[Any]:
    """Frames start..start + count of `handle` as (frames, channels); fewer only where the stream ends.

    Without a seek when the handle stands there.

    Raises:
        UndecodableError: the decoder failed, didn't go to `start`, or gave what can't be those frames.
    """
    try:
        if handle.tell() != start and not handle.seek(start) == handle.tell() == start:
            raise UndecodableError(f"frame {start} can't be found")
        data = handle.read(count, dtype=sample_type, always_2d=True)
    except HOSTILE as error:
        raise UndecodableError(str(error)) from error
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != handle.channels or len(data) > count:
        raise UndecodableError(f"{count} frames were asked for, and {np.shape(data)} came")
    return data
