"""ID3 tags: version 2.2 to 2.4 where they begin, and version 1 at a file's end (https://id3.org)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from core.audio.metadata.carried import LARGEST_PICTURE, LONGEST_TEXT, Carried, called, decoded, megabytes
from core.audio.metadata.vorbis import picture_block

_NAMES = {
    **{"TIT2": "TITLE", "TPE1": "ARTIST", "TALB": "ALBUM", "TRCK": "TRACKNUMBER", "TSSE": "SOFTWARE"},
    **{"TDRC": "DATE", "TYER": "DATE", "TCON": "GENRE", "TCOP": "COPYRIGHT", "TCOM": "COMPOSER", "TENC": "ENCODED-BY"},
    **{"TPE2": "ALBUMARTIST", "TPE3": "CONDUCTOR", "TPOS": "DISCNUMBER", "TPUB": "ORGANIZATION", "TSRC": "ISRC"},
    **{"TIT1": "GROUPING", "TIT3": "SUBTITLE", "TEXT": "LYRICIST", "TLAN": "LANGUAGE", "TBPM": "BPM", "TKEY": "KEY"},
}
_OF_2_2 = {
    **{"TT2": "TIT2", "TP1": "TPE1", "TAL": "TALB", "TRK": "TRCK", "TSS": "TSSE", "TYE": "TYER", "TCO": "TCON"},
    **{"TCR": "TCOP", "TCM": "TCOM", "TEN": "TENC", "TP2": "TPE2", "TP3": "TPE3", "TPA": "TPOS", "TPB": "TPUB"},
    **{"TRC": "TSRC", "TT1": "TIT1", "TT3": "TIT3", "TXT": "TEXT", "TLA": "TLAN", "TBP": "TBPM", "TKE": "TKEY"},
    **{"TXX": "TXXX", "COM": "COMM", "PIC": "APIC", "TDA": "TDAT", "TLE": "TLEN"},
}
_OF_THE_AUDIO = ("TLEN", "TSIZ", "TDLY")  # what is no longer so
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_OF_1 = (("TITLE", 3, 33), ("ARTIST", 33, 63), ("ALBUM", 63, 93), ("DATE", 93, 97))
_LARGEST_TAG = 1 << 25
_MOST_FRAMES = 10_000


class _Frame(NamedTuple):
    name: str
    body: bytes


def read_id3(file: BinaryIO, begin: int, into: Carried) -> None:
    """The texts and pictures of the tag at byte `begin`, where there is one. A name that is known is not read again."""
    file.seek(begin)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or not 2 <= head[3] <= 4:
        return
    version, flags, size = head[3], head[5], _synchsafe(head[6:])
    first, end = begin + 10, begin + 10 + size
    if version < 4 and flags & 0x80:  # all of it, and not frame by frame, was kept from looking like audio
        whole = file.read(min(size, _LARGEST_TAG)).replace(b"\xff\x00", b"\xff")
        file, first, end = io.BytesIO(whole), 0, len(whole)
    if version > 2 and flags & 0x40:
        file.seek(first)
        raw = file.read(4)
        first += _synchsafe(raw) if version == 4 else 4 + int.from_bytes(raw, "big")
    known = {name for name, _ in into.texts}
    found = Carried()
    for frame in _frames(file, first, end, version, into):
        _take(frame, version, found, into)
    for what in found.left_out:
        into.leave_out(what)
    for name, value in found.texts:
        if name not in known:
            into.add_text(name, value)


def read_id3v1(file: BinaryIO, into: Carried) -> None:
    """What the 128 bytes at a file's end say that nothing else has said."""
    if file.seek(0, os.SEEK_END) < 128:
        return
    file.seek(-128, os.SEEK_END)
    tag = file.read(128)
    if tag[:3] != b"TAG":
        return
    fields = [(name, tag[begin:end]) for name, begin, end in _OF_1] + [("COMMENT", tag[97:127])]
    if not tag[125] and tag[126]:  # version 1.1: the comment's last two bytes are a track number
        fields[-1] = ("COMMENT", tag[97:125])
        fields.append(("TRACKNUMBER", str(tag[126]).encode()))
    for name, raw in fields:
        if not into.has(name):
            into.add_text(name, decoded(raw.partition(b"\0")[0])[0])


def _frames(file: BinaryIO, at: int, end: int, version: int, into: Carried) -> Iterator[_Frame]:
    """The frames from `at` to `end` but those that are too large, compressed or encrypted, which are said."""
    name_size, head_size = (3, 6) if version == 2 else (4, 10)
    for _ in range(_MOST_FRAMES):
        file.seek(at)
        head = file.read(head_size)
        name = head[:name_size].decode("ascii", "replace")
        if at + head_size > end or len(head) < head_size or not (name.isascii() and name.isalnum()):
            return
        raw = head[name_size : name_size + (3 if version == 2 else 4)]
        # Some programs write the sizes of version 2.4 as plain numbers.
        plain = version < 4 or any(byte & 0x80 for byte in raw)
        size = int.from_bytes(raw, "big") if plain else _synchsafe(raw)
        at += head_size + size
        name = _OF_2_2.get(name, name) if version == 2 else name
        flags = head[9] if version > 2 else 0
        if size > (LARGEST_PICTURE if name == "APIC" else 4 * LONGEST_TEXT):
            into.leave_out(f"{_words(name)} ({megabytes(size)})")
        elif flags & (0x0C if version == 4 else 0xC0):
            into.leave_out(f"{_words(name)} (compressed or encrypted)")
        else:
            body = file.read(min(size, max(end - (at - size), 0)))
            yield _Frame(name, _plain(body, flags, version))


def _plain(body: bytes, flags: int, version: int) -> bytes:
    """A frame's body without what its flags put before and into it."""
    if version == 4:
        body = body[(1 if flags & 0x40 else 0) + (4 if flags & 0x01 else 0) :]
        return body.replace(b"\xff\x00", b"\xff") if flags & 0x02 else body
    return body[1:] if flags & 0x20 else body


def _take(frame: _Frame, version: int, texts: Carried, into: Carried) -> None:
    """What a frame says, texts into `texts`, all else into `into`."""
    name, body = frame
    if name in _NAMES:
        for line in _texts(body):
            texts.add_text(_NAMES[name], line)
    elif name == "TDAT":
        _add_day(_texts(body), texts)
    elif name == "TXXX":
        described, *values = [*_texts(body), ""]
        if not described or any(not 0x20 <= ord(letter) <= 0x7D or letter == "=" for letter in described):
            into.leave_out("a text of its own without a name")
            return
        for value in values:
            texts.add_text(described, value)
    elif name == "COMM":
        described, said = [*_texts(body[:1] + body[4:]), "", ""][:2]
        if described:
            into.leave_out(f"comment '{described[:40]}'")
        else:
            texts.add_text("COMMENT", said)
    elif name == "APIC":
        _add_picture(body, version, into)
    elif name not in _OF_THE_AUDIO:
        into.leave_out(f"ID3 frame {name}")


def _texts(body: bytes) -> list[str]:
    """The texts of a frame, which NULs part: its first byte says in what encoding."""
    if not body:
        return []
    encoding = _ENCODINGS[body[0]] if body[0] < len(_ENCODINGS) else "latin-1"
    if encoding == "latin-1":  # what many programs write there is whatever their system has
        return decoded(body[1:])[0].rstrip("\0").split("\0")
    parts = body[1:].decode(encoding, "replace").rstrip("\0").split("\0")
    return [part.lstrip("\ufeff") for part in parts]


def _add_day(texts: list[str], into: Carried) -> None:
    """Day and month, DDMM, behind the year that came before them."""
    for index, (name, year) in enumerate(into.texts):
        if name == "DATE" and len(year) == 4 and texts and len(texts[0]) == 4 and texts[0].isdecimal():
            into.texts[index] = (name, f"{year}-{texts[0][2:]}-{texts[0][:2]}")


def _add_picture(body: bytes, version: int, into: Carried) -> None:
    if version == 2:
        mime, rest = {b"JPG": "image/jpeg", b"PNG": "image/png"}.get(body[1:4], ""), body[4:]
    else:
        raw, _, rest = body[1:].partition(b"\0")
        mime = raw.decode("latin-1")
    wide = body[:1] in (b"\1", b"\2")
    end = next((at for at in range(1, len(rest) - 1, 2) if rest[at : at + 2] == b"\0\0"), -1) if wide else -1
    stop, step = (end, 2) if wide else (rest.find(b"\0", 1), 1)
    if not rest or stop < 0:
        into.leave_out("a damaged picture")
        return
    description = "".join(_texts(body[:1] + rest[1:stop]))
    into.add_picture(picture_block(rest[0], mime, description, rest[stop + step :]))


def _words(name: str) -> str:
    if name == "APIC":
        return "a picture"
    return called(_NAMES[name]) if name in _NAMES else {"COMM": "comment"}.get(name, f"ID3 frame {name}")


def _synchsafe(raw: bytes) -> int:
    """A number of which every byte has seven bits."""
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value
