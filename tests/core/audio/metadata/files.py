"""Files with things beside their audio, made by hand, and an independent look at what an export has."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from core.audio.export import ExportReport, Insert, export_inserted
from core.audio.opening import open_source

RATE = 8_000
FRAMES = 4_000


def noise(frames: int = FRAMES, channels: int = 1) -> np.ndarray:
    """(frames, channels), the same every time."""
    return 0.3 * np.random.default_rng(5).uniform(-1, 1, (frames, channels))


def chunk(name: bytes, body: bytes, order: str = "<") -> bytes:
    return name + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(path: Path, *beside: bytes, frames: int = FRAMES, **options: Any) -> Path:
    """A WAV file with chunks behind its audio."""
    sf.write(path, noise(frames), RATE, **{"subtype": "PCM_16", "format": "WAV", **options})
    data = path.read_bytes() + b"".join(beside)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def info(**texts: str | bytes) -> bytes:
    raw = {name: text.encode() if isinstance(text, str) else text for name, text in texts.items()}
    return chunk(b"LIST", b"INFO" + b"".join(chunk(name.encode(), text + b"\0") for name, text in raw.items()))


def cue(*frames: int, position: int | None = None) -> bytes:
    """Cue points with the identities 1, 2 ..."""
    points = [
        struct.pack("<II4sIII", index, frame if position is None else position, b"data", 0, 0, frame)
        for index, frame in enumerate(frames, 1)
    ]
    return chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points))


def labels(**names: str) -> bytes:
    """Labels: labels(_1="verse")."""
    each = [chunk(b"labl", struct.pack("<I", int(key[1:])) + text.encode() + b"\0") for key, text in names.items()]
    return chunk(b"LIST", b"adtl" + b"".join(each))


def smpl(*loops: tuple[int, int], tail: bytes = b"") -> bytes:
    body = struct.pack("<9I", 1, 2, 125_000, 69, 0, 0, 0, len(loops), len(tail))
    return chunk(b"smpl", body + b"".join(struct.pack("<6I", 1, 0, *loop, 0, 0) for loop in loops) + tail)


def bext(time: int = 0, history: bytes = b"", version: int = 2) -> bytes:
    said = b"A take", b"Recorder", b"REF1", b"2024-05-06", b"10:11:12"
    fixed = struct.pack("<256s32s32s10s8sQH", *said, time, version)
    loudness = struct.pack("<5h", -2300, 500, -100, -1800, -1900)
    return chunk(b"bext", fixed + bytes(range(64)) + loudness + bytes(180) + history)


def exported(
    source: Path,
    out: Path,
    *,
    before: int = 0,
    behind: int = 0,
    gap: tuple[int, int] | None = None,
    **options: Any,
) -> ExportReport:
    """The file with so many new frames before and behind it, and another sound in its frames `gap`."""
    with open_source(source) as opened:

        def insert(begin: int, end: int, frames: int) -> Insert:
            return Insert(begin, end, noise(frames, opened.channels).T.astype(np.float32))

        inserts = [insert(0, 0, before)] if before else []
        inserts += [insert(*gap, gap[1] - gap[0])] if gap else []
        inserts += [insert(opened.frames, opened.frames, behind)] if behind else []
        report = export_inserted(opened, inserts, out, **options)
    assert report.identical or "not identical" in report.note
    return report


def riff(path: Path) -> dict[bytes, bytes]:
    """The chunks of a RIFF or RF64 file by name, LIST by its kind; checks that their sizes add up to the file's."""
    data = path.read_bytes()
    large = data[:4] == b"RF64"
    size = struct.unpack_from("<Q", data, 20)[0] if large else struct.unpack_from("<I", data, 4)[0]
    assert data[8:12] == b"WAVE" and size == len(data) - 8
    found: dict[bytes, bytes] = {}
    at = 12
    while at < len(data):
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"data" and large:
            length = struct.unpack_from("<Q", data, 28)[0]
        body = data[at + 8 : at + 8 + length]
        assert len(body) == length
        name = body[:4] if name == b"LIST" else name
        assert name not in found, f"two chunks {name!r}"
        found[name] = body
        at += 8 + length + length % 2
    return found


def list_of(body: bytes) -> dict[bytes, bytes]:
    """The chunks within a LIST."""
    found, at = {}, 4
    while at < len(body):
        length = struct.unpack_from("<I", body, at + 4)[0]
        found[body[at : at + 4]] = body[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return found


def cue_frames(path: Path) -> list[int]:
    """The frames of the cue points, in the order of the file."""
    body = riff(path)[b"cue "]
    assert len(body) == 4 + 24 * struct.unpack_from("<I", body)[0]
    points = [struct.unpack_from("<II4sIII", body, at) for at in range(4, len(body), 24)]
    assert all(point[2:5] == (b"data", 0, 0) for point in points)
    return [point[5] for point in points]


def texts(path: Path) -> dict[str, str]:
    """What libsndfile reads, another program than ours."""
    with sf.SoundFile(path) as file:
        return dict(file.copy_metadata())
