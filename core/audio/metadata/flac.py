"""The metadata blocks of FLAC files (RFC 9639, section 8)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.audio.metadata.carried import Carried
from core.audio.metadata.vorbis import comment_packet, read_comments

_COMMENTS, _PICTURE = 4, 6
_STRUCTURE = (0, 1, 3)  # stream info, padding, seek table: of the audio
_NAMES = {2: "application data", 5: "a cue sheet"}
_MOST_BLOCKS = 10_000
_BYTES = 1 << 20  # moved at a time


def read_flac(file: BinaryIO, into: Carried) -> None:
    """The comments and pictures of a FLAC file."""
    for kind, offset, size in _blocks(file):
        file.seek(offset)
        if kind == _COMMENTS:
            read_comments(file.read(size), into)
        elif kind == _PICTURE:
            into.add_picture(file.read(size))
        elif kind not in _STRUCTURE:
            into.leave_out(_NAMES.get(kind, "an unknown block"))


def write_flac(path: Path, carried: Carried) -> None:
    """Put texts and pictures into a FLAC file that libsndfile has just written. Raises OSError."""
    vendor, kept, end = b"", b"", 0
    with path.open("rb") as file:
        for kind, offset, size in _blocks(file):
            file.seek(offset)
            body = file.read(size)
            end = offset + size
            if kind == _COMMENTS:
                vendor = read_comments(body, Carried())
            else:
                kept += _block(kind, body)
    blocks = [_block(_COMMENTS, comment_packet(carried, vendor))]
    blocks += [_block(_PICTURE, picture) for picture in carried.pictures]
    blocks[-1] = bytes([blocks[-1][0] | 0x80]) + blocks[-1][1:]  # the last says that it is
    new = kept + b"".join(blocks)
    with path.open("rb+") as out:
        _move_back(out, end, len(new) - (end - 4))
        out.seek(4)
        out.write(new)


def _move_back(file: BinaryIO, begin: int, by: int) -> None:
    """All from byte `begin` on, `by` bytes towards the end."""
    rest = file.seek(0, os.SEEK_END)
    while rest > begin:
        start = max(begin, rest - _BYTES)
        file.seek(start)
        moved = file.read(rest - start)
        file.seek(start + by)
        file.write(moved)
        rest = start


def _blocks(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Kind, offset and size in bytes of each, an ID3 tag before them skipped."""
    file.seek(0)
    at, head = 0, file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        file.seek(at)
        head = file.read(4)
    if head[:4] != b"fLaC":
        return
    at += 4
    for _ in range(_MOST_BLOCKS):
        file.seek(at)
        header = file.read(4)
        if len(header) < 4:
            return
        size = int.from_bytes(header[1:], "big")
        yield header[0] & 0x7F, at + 4, size
        at += 4 + size
        if header[0] & 0x80:
            return


def _block(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body
