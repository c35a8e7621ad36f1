"""ID3 tags of every version, written by hand."""

import io
import struct

import pytest

from core.audio.metadata.carried import Carried
from core.audio.metadata.id3 import read_id3, read_id3v1
from core.audio.metadata.vorbis import picture_block

LATIN, UTF_16, UTF_16_BE, UTF_8 = range(4)


def synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def tag(version: int, *frames: bytes, flags: int = 0, extended: bytes = b"") -> bytes:
    body = extended + b"".join(frames) + bytes(30)  # padding
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff", b"\xff\x00")
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body


def frame(version: int, name: str, body: bytes, flags: int = 0) -> bytes:
    if version == 2:
        return name.encode() + len(body).to_bytes(3, "big") + body
    size = synchsafe(len(body)) if version == 4 else struct.pack(">I", len(body))
    return name.encode() + size + bytes([0, flags]) + body


def text(value: str, encoding: int = UTF_8) -> bytes:
    codec = ("cp1252", "utf-16", "utf-16-be", "utf-8")[encoding]
    return bytes([encoding]) + value.encode(codec)


def read(data: bytes) -> Carried:
    found = Carried()
    read_id3(io.BytesIO(b"...." + data), 4, found)
    return found


@pytest.mark.parametrize("encoding", [LATIN, UTF_16, UTF_16_BE, UTF_8])
@pytest.mark.parametrize("version", [3, 4])
def test_texts_in_every_encoding(version: int, encoding: int) -> None:
    """Breaks when a title with an umlaut comes out as something else."""
    end = b"\0\0" if encoding in (UTF_16, UTF_16_BE) else b"\0"
    parts = ("TIT2", "Für Elise"), ("TPE1", "Ada"), ("TALB", "Stücke"), ("TRCK", "3/9"), ("TSSE", "Recorder")
    frames = [frame(version, name, text(value, encoding) + end) for name, value in parts]
    assert read(tag(version, *frames)).texts == [
        *(("TITLE", "Für Elise"), ("ARTIST", "Ada"), ("ALBUM", "Stücke"), ("TRACKNUMBER", "3/9")),
        ("SOFTWARE", "Recorder"),
    ]


def test_version_2_2_has_names_of_its_own() -> None:
    """Breaks when the oldest files lose their tags."""
    art = b"\0PNG\3art\0\x89PNG"
    found = read(tag(2, frame(2, "TT2", text("Air", LATIN)), frame(2, "TYE", text("1999")), frame(2, "PIC", art)))
    assert found.texts == [("TITLE", "Air"), ("DATE", "1999")]
    assert found.pictures == [picture_block(3, "image/png", "art", b"\x89PNG")]


def test_a_day_joins_its_year() -> None:
    """Breaks when version 2.3's date, in two frames, loses its second."""
    found = read(tag(3, frame(3, "TYER", text("2021")), frame(3, "TDAT", text("0403"))))
    assert found.texts == [("DATE", "2021-03-04")]


def test_version_2_4_may_hold_several_texts() -> None:
    """Breaks when the second of two artists is lost."""
    found = read(tag(4, frame(4, "TPE1", text("Ada\0Bob")), frame(4, "TDRC", text("2021-03-04"))))
    assert found.texts == [("ARTIST", "Ada"), ("ARTIST", "Bob"), ("DATE", "2021-03-04")]


def test_comments_and_texts_with_names() -> None:
    """Breaks when a program's private note passes for the comment, or a text with a name of its own is lost."""
    found = read(
        tag(
            3,
            frame(3, "COMM", b"\0engiTunNORM\0 0001"),
            frame(3, "COMM", text("\0A take", UTF_16)[:1] + b"eng" + text("\0A take", UTF_16)[1:]),
            frame(3, "TXXX", text("Mood\0calm")),
            frame(3, "TXXX", text("a=b\0calm")),
            frame(3, "PRIV", b"x"),
            frame(3, "TLEN", text("3000")),
        )
    )
    assert found.texts == [("COMMENT", "A take"), ("MOOD", "calm")]
    assert found.left_out == ["comment 'iTunNORM'", "a text of its own without a name", "ID3 frame PRIV"]


def test_what_was_kept_from_looking_like_audio() -> None:
    """Breaks when the zeros that unsynchronisation puts in are taken for content, in either version."""
    art = b"\0image/jpeg\0\3\0\xff\xd8\xff\xe0"
    assert read(tag(3, frame(3, "APIC", art), flags=0x80)).pictures == [
        picture_block(3, "image/jpeg", "", b"\xff\xd8\xff\xe0")
    ]
    safe = art.replace(b"\xff", b"\xff\x00")
    with_length = synchsafe(len(art)) + safe
    found = read(tag(4, frame(4, "APIC", with_length, flags=0x03), frame(4, "TIT2", text("Air"))))
    assert found.pictures == [picture_block(3, "image/jpeg", "", b"\xff\xd8\xff\xe0")]
    assert found.texts == [("TITLE", "Air")]


def test_extended_headers_are_stepped_over() -> None:
    """Breaks when a tag with one seems to be empty."""
    air = frame(3, "TIT2", text("Air"))
    assert read(tag(3, air, flags=0x40, extended=struct.pack(">IHI", 6, 0, 0))).texts == [("TITLE", "Air")]
    air = frame(4, "TIT2", text("Air"))
    assert read(tag(4, air, flags=0x40, extended=synchsafe(6) + b"\1\0")).texts == [("TITLE", "Air")]


def test_what_is_packed_is_said() -> None:
    """Breaks when a compressed frame's bytes are taken for a text."""
    found = read(tag(3, frame(3, "TIT2", b"xxxx", flags=0x80), frame(3, "TPE1", text("Ada"))))
    assert (found.texts, found.left_out) == ([("ARTIST", "Ada")], ["title (compressed or encrypted)"])


@pytest.mark.parametrize(("tail", "track"), [(b"\0\5", [("TRACKNUMBER", "5")]), (b"  ", [])])
def test_version_1_fills_what_is_open(tail: bytes, track: list) -> None:
    """Breaks when the 128 bytes at the end override the better tag at the beginning, or are not read at all."""
    found = Carried(texts=[("TITLE", "Für Elise")])
    fields = b"TAG" + b"F\xfcr".ljust(30, b"\0") + b"Ada".ljust(30) + b"\xc4".ljust(30, b"\0") + b"1999"
    read_id3v1(io.BytesIO(b"audio" + fields + b"A take".ljust(28) + tail + b"\xff"), found)
    assert found.texts == [
        ("TITLE", "Für Elise"), ("ARTIST", "Ada"), ("ALBUM", "Ä"), ("DATE", "1999"), ("COMMENT", "A take"), *track
    ]  # fmt: skip


def test_no_tag_is_no_error() -> None:
    """Breaks when a file without any, or of almost no bytes, is taken for one with."""
    for data in (b"", b"ID3", b"ID3\x09\0\0\0\0\0\x10" + bytes(16), b"x" * 200):
        found = read(data)
        read_id3v1(io.BytesIO(data), found)
        assert found == Carried()
