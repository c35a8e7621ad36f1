"""Broadcast WAV's `bext` chunk (EBU Tech 3285, version 2), and its coding history (EBU R 98)."""

from __future__ import annotations

import struct

from core.audio.sample_types import pcm_bits

SMALLEST = 602
"""Bytes before the coding history."""

_TIME, _VERSION, _LOUDNESS = 338, 346, 412
_NOT_MEASURED = 0x7FFF


def moved(body: bytes, before: int, line: str) -> bytes:
    """A `bext` body of :data:`SMALLEST` bytes or more, its time reference `before` frames earlier, but not before 0,
    and `line` at the end of its coding history unless it is there. Its loudness was another file's: it is unset.
    """
    fixed, history = bytearray(body[:SMALLEST]), body[SMALLEST:].rstrip(b"\0")
    struct.pack_into("<Q", fixed, _TIME, max(time_reference(body) - before, 0))
    if struct.unpack_from("<H", fixed, _VERSION)[0] >= 2:
        struct.pack_into("<5H", fixed, _LOUDNESS, *[_NOT_MEASURED] * 5)
    added = line.encode("ascii", "replace")
    if added not in history.splitlines():
        history += b"\r\n" * bool(history and not history.endswith(b"\n")) + added + b"\r\n"
    return bytes(fixed) + history


def time_reference(body: bytes) -> int:
    """Frames from midnight to the first."""
    return int(struct.unpack_from("<Q", body, _TIME)[0])


def history_line(subtype: str, sample_rate: int, channels: int, said: str) -> str:
    """A line of coding history: PCM of that kind, and what was done. `said` loses its commas, which part the fields."""
    bits = pcm_bits(subtype) or {"FLOAT": 32, "DOUBLE": 64}[subtype]
    mode = {1: ",M=mono", 2: ",M=stereo"}.get(channels, "")
    return f"A=PCM,F={sample_rate},W={bits}{mode},T={said.replace(',', '')}"
