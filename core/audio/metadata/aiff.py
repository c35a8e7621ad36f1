"""What AIFF files hold beside their audio ("Audio Interchange File Format", Apple, 1989)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from core.audio.chunks import Chunk, chunks
from core.audio.metadata.carried import LONGEST_TEXT, Carried, CuePoint, called, decoded, megabytes
from core.audio.metadata.cues import wave_chunk
from core.audio.metadata.id3 import read_id3

_NAMES = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
_STRUCTURE = (b"COMM", b"SSND", b"FVER", b"PEAK")
_LARGEST = 1 << 22


def read_aiff(file: BinaryIO, into: Carried) -> None:
    """Texts and markers; markers become cue points with their names as labels."""
    id3: list[Chunk] = []
    for chunk in chunks(file, order=">"):
        file.seek(chunk.offset)
        if chunk.name in _NAMES:
            if chunk.size > 4 * LONGEST_TEXT:
                into.leave_out(f"{called(_NAMES[chunk.name])} ({megabytes(chunk.size)})")
            else:
                into.add_text(_NAMES[chunk.name], decoded(file.read(chunk.size))[0])
        elif chunk.name == b"COMT":
            _read_comments(file.read(min(chunk.size, _LARGEST)), into)
        elif chunk.name == b"MARK":
            _read_markers(file.read(min(chunk.size, _LARGEST)), into)
        elif chunk.name == b"ID3 ":
            id3.append(chunk)
        elif not all(0x20 <= byte < 0x7F for byte in chunk.name):
            into.leave_out("what stands behind a damaged chunk")
            break
        elif chunk.name not in _STRUCTURE:
            into.leave_out(f"chunk {chunk.name.decode('ascii').strip()}")
    for chunk in id3:
        read_id3(file, chunk.offset, into)


def _read_comments(body: bytes, into: Carried) -> None:
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        if at + 8 > len(body):
            into.leave_out("comments that end too early")
            return
        size = int.from_bytes(body[at + 6 : at + 8], "big")
        into.add_text("COMMENT", decoded(body[at + 8 : at + 8 + size])[0])
        at += 8 + size + size % 2


def _read_markers(body: bytes, into: Carried) -> None:
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        if at + 7 > len(body):
            into.leave_out("markers that are promised and not there")
            return
        identity, frame, size = struct.unpack_from(">HIB", body, at)
        into.points.append(CuePoint(identity, frame, frame))
        if size:
            text = struct.pack("<I", identity) + body[at + 7 : at + 7 + size] + b"\0"
            into.labels.append(wave_chunk(b"labl", text))
        at += 7 + size + (size + 1) % 2  # the count and its text have an even number of bytes
