"""What a file holds beside its audio, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

LONGEST_TEXT, ALL_TEXT, MOST_TEXTS = 1 << 20, 1 << 21, 1000
"""Characters of a text, characters of all, and texts that are carried: a file may hold a comment of gigabytes."""

LARGEST_PICTURE, ALL_PICTURES = (1 << 24) - 1, 1 << 25
"""Bytes of a picture, as many as a FLAC file holds, and of all."""

TOO_MANY = "further tags: there are too many"

COMMENTS = ("COMMENT", "DESCRIPTION")
"""Names of the text that says what was done, the usual one first."""

_WORDS = {"TRACKNUMBER": "track", "ALBUMARTIST": "album artist", "ENCODED-BY": "encoded by"}


class CuePoint(NamedTuple):
    """A marked frame. identity: what its label refers to; position: as `frame`, but for files with a playlist."""

    identity: int
    position: int
    frame: int


class Loop(NamedTuple):
    """A loop of a sampler chunk, from its frame `begin` to `end`, both of it; the rest as the file has it."""

    cue: int
    kind: int
    begin: int
    end: int
    fraction: int
    times: int


@dataclass(frozen=True)
class SamplerChunk:
    """A `smpl` chunk. head: its seven numbers before the count of loops; tail: what a sampler put behind them."""

    head: bytes
    loops: tuple[Loop, ...]
    tail: bytes


@dataclass
class Carried:
    """What a file holds beside its audio, and what of it can't be kept.

    texts       names in capitals, as Vorbis comments have them ("TITLE", "TRACKNUMBER"), and values; a name may recur
    latin       whether the texts were found in the Windows code page 1252 and not in UTF-8
    pictures    bodies of FLAC picture blocks
    points      cue points
    labels      the chunks of a LIST adtl, whole, that belong to them
    sampler     None where there is none
    broadcast   body of a `bext` chunk; None where there is none
    left_out    what is not kept, in words
    """

    texts: list[tuple[str, str]] = field(default_factory=list)
    latin: bool = False
    pictures: list[bytes] = field(default_factory=list)
    points: list[CuePoint] = field(default_factory=list)
    labels: list[bytes] = field(default_factory=list)
    sampler: SamplerChunk | None = None
    broadcast: bytes | None = None
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, what: str) -> None:
        """Note once that `what` is not kept."""
        if what not in self.left_out:
            self.left_out.append(what)

    def add_text(self, name: str, value: str) -> None:
        """Keep a text, within the bounds. An empty one, and one that is there already, are not worth a word."""
        name, value = name.upper(), value.strip("\0").rstrip()
        if not value or (name, value) in self.texts:
            return
        if len(value) > LONGEST_TEXT:
            self.leave_out(f"{called(name)} ({megabytes(len(value))})")
        elif len(self.texts) >= MOST_TEXTS or len(value) + sum(len(text) for _, text in self.texts) > ALL_TEXT:
            self.leave_out(TOO_MANY)
        else:
            self.texts.append((name, value))

    def add_picture(self, block: bytes) -> None:
        """Keep the body of a FLAC picture block, within the bounds; one whose lengths lie would spoil a FLAC file."""
        if not _is_picture(block):
            self.leave_out("a damaged picture")
        elif len(block) > LARGEST_PICTURE or len(block) + sum(map(len, self.pictures)) > ALL_PICTURES:
            self.leave_out(f"a picture ({megabytes(len(block))})")
        elif block not in self.pictures:
            self.pictures.append(block)

    def has(self, name: str) -> bool:
        """Whether there is a text of that name."""
        return any(known == name for known, _ in self.texts)

    def with_line(self, line: str) -> Carried:
        """The same with `line` as one more of its comment, unless that has it already."""
        for name in COMMENTS:
            if not self.has(name):
                continue
            if any(line in value.splitlines() for known, value in self.texts if known == name):
                return self
            last = max(index for index, (known, _) in enumerate(self.texts) if known == name)
            texts = list(self.texts)
            texts[last] = (name, f"{texts[last][1]}\n{line}")
            return replace(self, texts=texts)
        return replace(self, texts=[*self.texts, (COMMENTS[0], line)])


def _is_picture(block: bytes) -> bool:
    """Whether it is what RFC 9639, section 8.8, says: kind, type, description, four numbers, data."""
    kind_and_type = 8 + int.from_bytes(block[4:8], "big")
    described = kind_and_type + 4 + int.from_bytes(block[kind_and_type : kind_and_type + 4], "big")
    data = described + 20 + int.from_bytes(block[described + 16 : described + 20], "big")
    return len(block) == data and all(0x20 <= byte < 0x7F for byte in block[8:kind_and_type])


def called(name: str) -> str:
    """A text's name in words: "TRACKNUMBER" -> "track"."""
    return _WORDS.get(name, name.lower())


def megabytes(size: int) -> str:
    """Bytes in words."""
    return f"{size / 1e6:.1f} MB"


def listed(names: Sequence[str], most: int = 12) -> str:
    """The names, each once, with commas; of many the first, and how many more."""
    once = list(dict.fromkeys(names))
    more = len(once) - most
    return ", ".join(once[:most]) + (f" and {more} more" if more > 0 else "")


def decoded(raw: bytes) -> tuple[str, bool]:
    """Bytes of an unnamed encoding as text: UTF-8, else Windows' code page 1252; and whether it was the latter."""
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), True
