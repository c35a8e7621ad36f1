"""Cue points, their labels, and the loops of a sampler chunk, in WAV files.

Formats: "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991) and "New Multimedia
Data Types and Data Techniques" (Microsoft, 1994).
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from core.audio.chunks import Chunk, chunks
from core.audio.metadata.carried import ALL_TEXT, LONGEST_TEXT, Carried, CuePoint, Loop, SamplerChunk, megabytes
from core.audio.metadata.moves import Moves
from core.wording import counted

_LARGEST = 1 << 22
_HIGHEST = 0xFFFFFFFF


def read_cue(file: BinaryIO, chunk: Chunk, compressed: bool, into: Carried) -> None:
    """The points of a `cue ` chunk. compressed: its points may count from the beginning of a block."""
    body = _body(file, chunk)
    claimed = int.from_bytes(body[:4], "little")
    there = min(claimed, (len(body) - 4) // 24 if len(body) >= 4 else 0)
    if claimed > there:
        into.leave_out("cue points that are promised and not there")
    for index in range(there):
        identity, position, name, _, block, frame = struct.unpack_from("<II4sIII", body, 4 + 24 * index)
        if name not in (b"data", bytes(4)) or (compressed and block):
            into.leave_out("cue points outside the audio or within a compressed block")
        else:
            into.points.append(CuePoint(identity, position, frame))


def read_labels(file: BinaryIO, chunk: Chunk, into: Carried) -> None:
    """The chunks of a LIST adtl, whole."""
    total = 0
    for label in chunks(file, chunk.offset + 4, chunk.offset + chunk.size):
        total += label.size
        if label.size > LONGEST_TEXT or total > ALL_TEXT:
            into.leave_out(f"a label of a cue point ({megabytes(label.size)})")
            continue
        file.seek(label.offset)
        body = file.read(label.size)
        if len(body) < 4 or len(body) < label.size:
            into.leave_out("a damaged label of a cue point")
        else:
            into.labels.append(wave_chunk(label.name, body))


def read_smpl(file: BinaryIO, chunk: Chunk, into: Carried) -> None:
    """The loops of a `smpl` chunk."""
    body = _body(file, chunk)
    if len(body) < 36:
        into.leave_out("a damaged smpl chunk")
        return
    claimed, extra = struct.unpack_from("<II", body, 28)
    there = min(claimed, (len(body) - 36) // 24)
    if claimed > there:
        into.leave_out("loops that are promised and not there")
    loops = tuple(Loop(*struct.unpack_from("<6I", body, 36 + 24 * index)) for index in range(there))
    into.sampler = SamplerChunk(body[:28], loops, body[36 + 24 * there :][:extra])


def move_points(carried: Carried, moves: Moves) -> None:
    """Points and loops to where their frames come to be. Those behind the recording's end, and labels of points that
    are left out or never were, are left out.
    """
    points = [point for point in carried.points if point.frame <= moves.frames and moves.place(point.frame) <= _HIGHEST]
    beyond = len(carried.points) - len(points)
    if beyond:
        carried.leave_out(f"{counted(beyond, 'cue point')} behind the recording's end")
    carried.points = [_moved_point(point, moves) for point in points]
    identities = {point.identity for point in points}
    labels = [label for label in carried.labels if int.from_bytes(label[8:12], "little") in identities]
    if len(labels) < len(carried.labels):
        carried.leave_out("labels without a cue point")
    carried.labels = labels
    if carried.sampler is not None:
        head, loops, tail = carried.sampler.head, carried.sampler.loops, carried.sampler.tail
        fit = [loop for loop in loops if loop.begin <= loop.end < moves.frames and moves.place(loop.end) <= _HIGHEST]
        if len(fit) < len(loops):
            carried.leave_out(f"{counted(len(loops) - len(fit), 'loop')} behind the recording's end")
        moved = [loop._replace(begin=moves.place(loop.begin), end=moves.place(loop.end)) for loop in fit]
        carried.sampler = SamplerChunk(head, tuple(moved), tail)


def cue_chunks(carried: Carried) -> bytes:
    """`cue `, LIST adtl and `smpl`, those that there are."""
    written = b""
    if carried.points:
        points = [struct.pack("<II4sIII", p.identity, p.position, b"data", 0, 0, p.frame) for p in carried.points]
        written += wave_chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points))
    if carried.labels:
        written += wave_chunk(b"LIST", b"adtl" + b"".join(carried.labels))
    if carried.sampler is not None:
        loops = [struct.pack("<6I", *loop) for loop in carried.sampler.loops]
        counts = struct.pack("<II", len(loops), len(carried.sampler.tail))
        body = carried.sampler.head + counts + b"".join(loops) + carried.sampler.tail
        written += wave_chunk(b"smpl", body)
    return written


def wave_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk as a file holds it: of an even number of bytes."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _body(file: BinaryIO, chunk: Chunk) -> bytes:
    file.seek(chunk.offset)
    return file.read(min(chunk.size, _LARGEST))


def _moved_point(point: CuePoint, moves: Moves) -> CuePoint:
    frame = moves.place(point.frame)
    # With a playlist the position is in the order of playing; without one, both are the same.
    return point._replace(position=frame if point.position == point.frame else point.position, frame=frame)
