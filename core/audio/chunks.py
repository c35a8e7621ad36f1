"""The chunks of RIFF, RF64 and AIFF files: what libsndfile does not tell about them, and one thing that it writes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MOST_CHUNKS = 200_000
"""Of a file or a list that are looked at: one made of empty chunks would otherwise take hours."""

_ELSEWHERE = 0xFFFFFFFF  # the size that RF64 writes for a chunk whose size its ds64 chunk holds


class Chunk(NamedTuple):
    """A chunk: its name, where its content begins, and the bytes that it claims to have, which may be too many."""

    name: bytes
    offset: int
    size: int


def chunks(file: BinaryIO, begin: int = 12, end: int | None = None, order: str = "<") -> Iterator[Chunk]:
    """The chunks of `file` from byte `begin` to `end` (None: the file's). order: "<" RIFF and RF64, ">" AIFF."""
    end = file.seek(0, os.SEEK_END) if end is None else end
    large: dict[bytes, int] = {}
    at = begin
    for _ in range(MOST_CHUNKS):
        if at + 8 > end:  # asked before seeking: a size may be more than any file can have
            return
        file.seek(at)
        header = file.read(8)
        if len(header) < 8:
            return
        name, size = header[:4], int(struct.unpack(order + "I", header[4:])[0])
        if size == _ELSEWHERE:
            size = large.get(name, size)
        if name == b"ds64":
            sizes = file.read(16)
            large[b"data"] = int.from_bytes(sizes[8:16], "little")
        yield Chunk(name, at + 8, size)
        at += 8 + size + size % 2


def audio_chunk(path: Path, wanted: tuple[bytes, ...]) -> tuple[int, int] | None:
    """Offset and claimed size in bytes of the first chunk named in `wanted` in a RIFF, RF64 or AIFF file."""
    with path.open("rb") as file:
        order = ">" if file.read(4) == b"FORM" else "<"
        for chunk in chunks(file, order=order):
            if chunk.name in wanted:
                return chunk.offset, chunk.size
    return None


def share_present(path: Path) -> float:
    """Share of the bytes that the audio chunk's header claims which the file really has, above 0, at most 1."""
    found = audio_chunk(path, (b"data", b"SSND"))
    if found is None:
        return 1.0
    offset, claimed = found
    present = path.stat().st_size - offset
    # A claim of 2 or 4 GiB is what pipes write when they don't know the length.
    return present / claimed if 0 < present < claimed and not 0x7FFF_0000 <= claimed <= _ELSEWHERE else 1.0


def clear_peak_time(path: Path) -> None:
    """Zero the time of writing that libsndfile puts into float files: the same samples shall give the same file."""
    found = audio_chunk(path, (b"PEAK",))
    if found is not None:
        with path.open("rb+") as file:
            file.seek(found[0] + 4)
            file.write(struct.pack("<I", 0))
