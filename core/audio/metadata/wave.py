"""What WAV files hold beside their audio (RIFF and RF64), read and written."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from core.audio.chunks import Chunk, chunks
from core.audio.metadata.broadcast import SMALLEST
from core.audio.metadata.carried import LONGEST_TEXT, MOST_TEXTS, TOO_MANY, Carried, called, decoded, megabytes
from core.audio.metadata.cues import cue_chunks, read_cue, read_labels, read_smpl, wave_chunk
from core.audio.metadata.id3 import read_id3

_NAMES = {
    **{b"INAM": "TITLE", b"IART": "ARTIST", b"IPRD": "ALBUM", b"ICRD": "DATE", b"ITRK": "TRACKNUMBER"},
    **{b"ICMT": "COMMENT", b"ISFT": "SOFTWARE", b"IGNR": "GENRE", b"ICOP": "COPYRIGHT", b"IENG": "ENGINEER"},
    **{b"ITCH": "ENCODED-BY", b"ISBJ": "SUBJECT", b"IKEY": "KEYWORDS", b"ISRC": "SOURCE", b"IMUS": "COMPOSER"},
    **{b"IPRO": "PRODUCER", b"ILNG": "LANGUAGE", b"IMED": "SOURCEMEDIA"},
}
_INFO = {name: tag for tag, name in _NAMES.items()}
_INFO |= {"TRACK": b"ITRK", "ENCODER": b"ISFT", "YEAR": b"ICRD", "DESCRIPTION": b"ICMT"}
_STRUCTURE = (b"fmt ", b"data", b"fact", b"PEAK", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"filr")
_UNCOMPRESSED = (1, 3)  # PCM and float


def read_wave(file: BinaryIO, into: Carried) -> None:
    """Tags, Broadcast WAV data, cue points and loops of a RIFF or RF64 file."""
    compressed = False
    id3: list[Chunk] = []
    for chunk in chunks(file):
        file.seek(chunk.offset)
        if chunk.name == b"fmt ":
            form = file.read(26)
            kind = form[24:26] if form[:2] == b"\xfe\xff" else form[:2]
            compressed = int.from_bytes(kind, "little") not in _UNCOMPRESSED
        elif chunk.name == b"bext":
            _read_broadcast(file, chunk, into)
        elif chunk.name == b"LIST":
            _read_list(file, chunk, into)
        elif chunk.name == b"cue ":
            read_cue(file, chunk, compressed, into)
        elif chunk.name == b"smpl":
            read_smpl(file, chunk, into)
        elif chunk.name in (b"id3 ", b"ID3 "):
            id3.append(chunk)
        elif not all(0x20 <= byte < 0x7F for byte in chunk.name):
            into.leave_out("what stands behind a damaged chunk")
            break
        elif chunk.name not in _STRUCTURE:
            into.leave_out(f"chunk {chunk.name.decode('ascii').strip()}")
    for chunk in id3:
        read_id3(file, chunk.offset, into)


def info_tag(name: str) -> bytes:
    """What a WAV file calls a text, b"" where it has no place for it."""
    own = name.encode() if len(name) == 4 and name[0] == "I" and name.isascii() and name.isalnum() else b""
    return _INFO.get(name, own)


def wave_chunks(carried: Carried) -> bytes:
    """All of it that a WAV file holds, as chunks; what it does not hold is left out."""
    if carried.pictures:
        carried.leave_out("pictures (no place in WAV)")
    written = wave_chunk(b"bext", carried.broadcast) if carried.broadcast is not None else b""
    info: dict[bytes, list[str]] = {}
    for name, value in carried.texts:
        tag = info_tag(name)
        if tag:
            info.setdefault(tag, []).append(value)
        else:
            carried.leave_out(called(name))
    if info:
        texts = [wave_chunk(tag, _encoded("; ".join(values), carried.latin)) for tag, values in info.items()]
        written += wave_chunk(b"LIST", b"INFO" + b"".join(texts))
    return written + cue_chunks(carried)


def write_wave(path: Path, written: bytes) -> None:
    """Put chunks behind the audio of a WAV file that libsndfile has just written. Raises OSError.

    Not before it: with many of them there, libsndfile and programs that use it don't find the audio any more.
    """
    with path.open("rb+") as file:
        large = file.read(4) == b"RF64"
        end = file.seek(0, os.SEEK_END)
        file.write(b"\0" * (end % 2) + written)
        size = file.tell() - 8
        file.seek(20 if large else 4)  # RF64 has its size in its ds64 chunk
        file.write(struct.pack("<Q" if large else "<I", size))


def _read_broadcast(file: BinaryIO, chunk: Chunk, into: Carried) -> None:
    if chunk.size > LONGEST_TEXT:
        into.leave_out(f"Broadcast WAV data ({megabytes(chunk.size)})")
        return
    body = file.read(chunk.size)
    if len(body) < max(SMALLEST, chunk.size):
        into.leave_out("damaged Broadcast WAV data")
    else:
        into.broadcast = body


def _read_list(file: BinaryIO, chunk: Chunk, into: Carried) -> None:
    kind = file.read(4)
    if kind == b"adtl":
        read_labels(file, chunk, into)
    elif kind == b"INFO":
        _read_info(file, chunk, into)
    else:
        into.leave_out(f"list {kind.decode('ascii', 'replace').strip()}")


def _read_info(file: BinaryIO, chunk: Chunk, into: Carried) -> None:
    for index, text in enumerate(chunks(file, chunk.offset + 4, chunk.offset + chunk.size)):
        if index == MOST_TEXTS:
            into.leave_out(TOO_MANY)
            return
        name = _NAMES.get({b"IPRT": b"ITRK"}.get(text.name, text.name))
        if name is None and not (text.name.isalnum() and text.name.isupper() and text.name[:1] == b"I"):
            into.leave_out("a damaged tag")
            continue
        if text.size > 4 * LONGEST_TEXT:
            into.leave_out(f"{called(name) if name else text.name.decode()} ({megabytes(text.size)})")
            continue
        file.seek(text.offset)
        value, latin = decoded(file.read(text.size).partition(b"\0")[0])
        into.latin = into.latin or latin
        into.add_text(name or text.name.decode(), value)


def _encoded(text: str, latin: bool) -> bytes:
    """As a NUL-terminated string, in the encoding that the recording's texts had, where it holds this one."""
    try:
        raw = text.encode("cp1252" if latin else "utf-8")
    except UnicodeEncodeError:
        raw = text.encode()
    return raw.replace(b"\0", b" ") + b"\0"
