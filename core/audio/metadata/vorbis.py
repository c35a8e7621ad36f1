"""Vorbis comments, the tags of Ogg and FLAC files, and FLAC's picture blocks.

Formats: "Ogg Vorbis I format specification: comment field and header specification" (Xiph.Org), RFC 9639 (FLAC),
RFC 7845 (Opus), RFC 3533 (Ogg pages).
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import BinaryIO

from core.audio.metadata.carried import LARGEST_PICTURE, MOST_TEXTS, TOO_MANY, Carried, decoded, megabytes

PICTURE_FIELD = "METADATA_BLOCK_PICTURE"
"""Where Ogg files keep a picture: a FLAC picture block in base64."""

_LONGEST_PACKET = 1 << 26
_HEADS = ((b"\x03vorbis", b"\x01vorbis"), (b"OpusTags", b"OpusHead"))


def read_comments(packet: bytes, into: Carried) -> bytes:
    """The texts and pictures of a comment packet (without its magic); returns the vendor."""
    vendor, at = _counted(packet, 0)
    fields = int.from_bytes(packet[at : at + 4], "little")
    at += 4
    for index in range(fields):
        if index == MOST_TEXTS:
            into.leave_out(TOO_MANY)
            break
        if at + 4 > len(packet):
            into.leave_out("comments that end too early")
            break
        entry, at = _counted(packet, at)
        name, equals, value = entry.partition(b"=")
        if not (equals and name and all(0x20 <= byte <= 0x7D for byte in name)):
            into.leave_out("a comment without a name")
            continue
        if name.upper() == PICTURE_FIELD.encode():
            _add_encoded(value, into)
        else:
            into.add_text(name.decode("ascii"), decoded(value)[0])
    return vendor


def comment_packet(carried: Carried, vendor: bytes) -> bytes:
    """The texts as a comment packet (without its magic)."""
    fields = [f"{name}={value}".encode() for name, value in carried.texts]
    counted_fields = b"".join(struct.pack("<I", len(entry)) + entry for entry in fields)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(fields)) + counted_fields


def picture_block(kind: int, mime: str, description: str, data: bytes) -> bytes:
    """The body of a FLAC picture block; its size in pixels is left open, as FLAC allows."""
    first, second = mime.encode("ascii", "replace"), description.encode()
    numbers = struct.pack(">4I", 0, 0, 0, 0)
    head = struct.pack(">2I", kind, len(first)) + first + struct.pack(">I", len(second)) + second
    return head + numbers + struct.pack(">I", len(data)) + data


def read_ogg(file: BinaryIO, into: Carried) -> None:
    """The comments of the first stream of an Ogg file: Vorbis, Opus or FLAC."""
    file.seek(0)
    first, second = _first_packets(file)
    for head, identification in _HEADS:
        if first.startswith(identification) and second.startswith(head):
            read_comments(second[len(head) :], into)
            return
    if first.startswith(b"\x7fFLAC") and second[:1] and second[0] & 0x7F == 4:
        read_comments(second[4:], into)
        return
    into.leave_out("tags that can't be found")


def _first_packets(file: BinaryIO) -> tuple[bytes, bytes]:
    """The first two packets of the first stream, as far as they are there."""
    packets: list[bytes] = []
    packet, serial, taken = bytearray(), b"", 0
    while len(packets) < 2 and taken < _LONGEST_PACKET:
        header = file.read(27)
        if len(header) < 27 or header[:4] != b"OggS":
            break
        lacing = file.read(header[26])
        body = file.read(sum(lacing))
        taken += 27 + len(lacing) + len(body)
        serial = serial or header[14:18]
        if header[14:18] != serial:
            continue
        at = 0
        for size in lacing:
            packet += body[at : at + size]
            at += size
            if size < 255:
                packets.append(bytes(packet))
                packet.clear()
    packets += [b"", b""]
    return packets[0], packets[1]


def _add_encoded(value: bytes, into: Carried) -> None:
    if len(value) > 4 * LARGEST_PICTURE // 3:
        into.leave_out(f"a picture ({megabytes(len(value))})")
        return
    try:
        into.add_picture(base64.b64decode(value, validate=True))
    except binascii.Error:
        into.leave_out("a damaged picture")


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    """The bytes whose number stands at `at`, as far as they are there, and what comes behind them."""
    size = int.from_bytes(data[at : at + 4], "little")
    return data[at + 4 : at + 4 + size], at + 4 + size
