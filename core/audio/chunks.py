"""The chunks of RIFF, RF64 and AIFF files: what libsndfile does not tell about them, and one thing that it writes."""

from __future__ import annotations

import os
import struct
from pathlib import Path


def audio_chunk(path: Path, wanted: tuple[bytes, ...]) -> tuple[int, int] | None:
    """Offset and claimed size in bytes of the first chunk named in `wanted` in a RIFF, RF64 or AIFF file."""
    with path.open("rb") as file:
        order = ">" if file.read(12)[:4] == b"FORM" else "<"
        while len(header := file.read(8)) == 8:
            name, size = header[:4], int(struct.unpack(order + "I", header[4:])[0])
            if name in wanted:
                return file.tell(), size
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


def share_present(path: Path) -> float:
    """Share of the bytes that the audio chunk's header claims which the file really has, above 0, at most 1."""
    found = audio_chunk(path, (b"data", b"SSND"))
    if found is None:
        return 1.0
    offset, claimed = found
    present = path.stat().st_size - offset
    # A claim of 2 or 4 GiB is what pipes write when they don't know the length; RF64 keeps it elsewhere.
    return present / claimed if 0 < present < claimed < 0x7FFF_0000 else 1.0


def clear_peak_time(path: Path) -> None:
    """Zero the time of writing that libsndfile puts into float files: the same samples shall give the same file."""
    found = audio_chunk(path, (b"PEAK",))
    if found is not None:
        with path.open("rb+") as file:
            file.seek(found[0] + 4)
            file.write(struct.pack("<I", 0))
