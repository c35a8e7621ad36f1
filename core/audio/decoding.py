"""Reading from a decoder whose word can't be taken: a damaged stream makes it lie about where it stands, or how much
it gave. Every seek and read of an audio file is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.audio.sample_types import SampleType, is_lossy

HOSTILE = (sf.SoundFileError, OSError, ValueError, RuntimeError, TypeError, OverflowError, MemoryError)
"""What opening a file, or asking it for its texts, raises where its numbers can't be."""


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
        # Into an array of our own: soundfile makes one of as many frames as the file claims to have left.
        data = handle.read(out=np.empty((count, handle.channels), sample_type))
    except UndecodableError:
        raise
    except Exception as error:
        raise UndecodableError(str(error)) from error
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != handle.channels or len(data) > count:
        raise UndecodableError(f"{count} frames were asked for, and {np.shape(data)} came")
    if data.dtype.kind == "f" and is_lossy(str(handle.subtype)) and not np.isfinite(data).all():
        raise UndecodableError("samples came that are not numbers")
    return data
